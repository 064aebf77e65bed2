// Makes or uses a passkey. The button says what with: data-options is where to ask, data-answer where to answer.
"use strict";

const button = document.getElementById("passkey");
const told = document.getElementById("told");

async function sent(address, body) {
  const answer = await fetch(address, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify(body),
  });
  const said = await answer.json();
  if (!answer.ok) throw new Error(`${said.detail} ${said.remedy}`);
  return said;
}

async function pressed() {
  const makes = button.dataset.does === "make";
  const options = await sent(button.dataset.options, {});
  const credential = makes
    ? await navigator.credentials.create({
        publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options),
      })
    : await navigator.credentials.get({
        publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options),
      });
  const said = await sent(button.dataset.answer, credential.toJSON());
  location.assign(said.next);
}

button.addEventListener("click", () => {
  told.textContent = "";
  pressed().catch((fault) => { told.textContent = fault.message; });
});
