// What pages do without a round trip. Everything works without it.
"use strict";

// A slider shows its value in the <output> that names it (`for`), in the words of `data-scale`.
function tokensInWords(value) {
  for (const [step, letter] of [[1e12, "T"], [1e9, "B"], [1e6, "M"], [1e3, "k"]]) {
    if (value >= step) return `${Number((value / step).toPrecision(3))} ${letter} tokens`;
  }
  return `${Math.round(value)} tokens`;
}

document.addEventListener("input", (event) => {
  const slider = event.target.closest("input[type=range]");
  if (!slider || !slider.id) return;
  const output = document.querySelector(`output[for="${slider.id}"]`);
  if (!output) return;
  const value = Number(slider.value);
  // data-base: today's tokens a month; the slider holds the power of ten of the factor on it.
  const base = Number(slider.dataset.base);
  output.value = base ? tokensInWords(base * 10 ** value) : slider.value;
});

// Parts of a form that only some choices need: <div data-when="kind" data-is="closed_api managed_open">.
function showWhatApplies(form) {
  for (const part of form.querySelectorAll("[data-when]")) {
    const field = form.elements[part.dataset.when];
    if (field) part.hidden = !part.dataset.is.split(" ").includes(field.value);
  }
}
document.addEventListener("change", (event) => {
  if (event.target.form) showWhatApplies(event.target.form);
  // A filter that applies as soon as it is chosen.
  if (event.target.matches("select[data-submit]")) event.target.form.requestSubmit();
});
for (const form of document.forms) showWhatApplies(form);

// An htmx request that fails says so, instead of leaving old figures that look current.
document.addEventListener("htmx:responseError", (event) => {
  const target = event.detail.target;
  if (!target) return;
  const note = document.createElement("p");
  note.className = "problem";
  note.setAttribute("role", "alert");
  note.textContent = "This part could not be brought up to date. Reload the page.";
  target.prepend(note);
});
