// Sign a review with a passkey: ask the server for the question, the device for the answer, and send
// it with the form. Without a passkey the password field does the same.
"use strict";

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
      says.textContent = "The passkey was not used. Try again, or type your password.";
    });
  });
}
