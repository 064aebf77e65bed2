// Makes or uses a passkey. The button says what with: data-options is where to ask, data-answer where to answer.
// In a form it asks with the fields of the form, and brings the decision that it was told beside the answer.
"use strict";

const button = document.getElementById("passkey");
const notice = document.getElementById("told");

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
  if (button.form && !button.form.reportValidity()) return;
  const asked = button.form ? Object.fromEntries(new FormData(button.form)) : {};
  const told = await sent(button.dataset.options, asked);
  const options = told.public_key ?? told;
  const credential = makes
    ? await navigator.credentials.create({
        publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options),
      })
    : await navigator.credentials.get({
        publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options),
      });
  const answer = credential.toJSON();
  const said = await sent(button.dataset.answer, told.decision ? { decision: told.decision, answer } : answer);
  location.assign(said.next);
}

button.addEventListener("click", () => {
  notice.textContent = "";
  pressed().catch((fault) => { notice.textContent = fault.message; });
});
