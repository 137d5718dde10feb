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

// A table that a phone would cut off reads as cards there: a row is a card, a cell stands beside the
// name of its column. Roles are written out, because display: grid takes them away in some browsers.
const phone = window.matchMedia("(max-width: 40rem)");
const MOST_CELLS = 1500;

function namesOfColumns(table) {
  const names = [];
  for (const head of table.tHead?.rows[0]?.cells ?? []) {
    for (let i = 0; i < head.colSpan; i += 1) names.push(head.textContent.trim());
  }
  return names;
}

function makeCards(table) {
  const names = namesOfColumns(table);
  table.setAttribute("role", "table");
  for (const group of [table.tHead, ...table.tBodies, table.tFoot]) group?.setAttribute("role", "rowgroup");
  for (const row of table.rows) {
    row.setAttribute("role", "row");
    let column = 0;
    for (const cell of row.cells) {
      const isHead = cell.tagName === "TH";
      cell.setAttribute("role", isHead ? (row.parentNode === table.tHead ? "columnheader" : "rowheader") : "cell");
      if (row.parentNode !== table.tHead) {
        cell.dataset.column = cell.colSpan === 1 ? (names[column] ?? "") : "";
        if (!cell.textContent.trim() && !cell.querySelector("input, svg, img, button")) cell.classList.add("blank");
        const value = document.createElement("div");
        value.append(...cell.childNodes);
        cell.append(value);
      }
      column += cell.colSpan;
    }
  }
  table.classList.add("cards");
}

function makeCardsOfWide(root) {
  if (!phone.matches) return;
  for (const table of root.querySelectorAll("table.data:not(.stack, .cards)")) {
    const around = table.closest(".scroll");
    const cells = table.rows.length * (table.rows[0]?.cells.length ?? 0);
    const isPlain = table.tHead?.rows.length === 1 && cells <= MOST_CELLS && !table.querySelector("[rowspan]");
    if (around && isPlain && around.scrollWidth > around.clientWidth) makeCards(table);
  }
}
makeCardsOfWide(document);
phone.addEventListener("change", () => makeCardsOfWide(document));
document.addEventListener("htmx:load", (event) => makeCardsOfWide(event.detail.elt));
// A table inside <details> has no width until it is opened.
document.addEventListener("toggle", (event) => makeCardsOfWide(event.target), true);
