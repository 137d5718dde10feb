// Say when a passkey was not used, and sign a review with one: ask the server for the question, the device for the answer, and send
// it with the form. Without a passkey the password field does the same.
"use strict";

const notUsed = "The passkey was not used. Try again";

// Adding one and signing in are allauth's scripts, which tell only the console of a failure.
document.addEventListener("allauth.error", (event) => {
  const says = document.getElementById("passkey-says");
  if (!says) return;
  event.preventDefault();
  says.textContent = `${notUsed}.`;
});

const button = document.querySelector("button[data-passkey]");

async function answerWithPasskey() {
  const form = button.form;
  const token = new FormData();
  token.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  const asked = await fetch(button.dataset.passkey, { method: "POST", body: token });
  if (!asked.ok) throw new Error("the server did not answer");
  const credential = await window.webauthnJSON.get(await asked.json());
  form.elements.credential.value = JSON.stringify(credential);
  form.submit();
}

if (button) {
  button.hidden = !window.PublicKeyCredential;
  button.addEventListener("click", () => {
    const says = document.getElementById("passkey-says");
    says.textContent = "";
    answerWithPasskey().catch(() => {
      says.textContent = `${notUsed}, or type your password.`;
    });
  });
}
