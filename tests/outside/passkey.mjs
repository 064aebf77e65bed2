// A person at Chromium: `node passkey.mjs NODE_MODULES CHROMIUM URL`; is told what to do line by line, as JSON, and
// answers each line with what the page shows then. The authenticator is the browser's own virtual one, with
// resident keys and a PIN (Web Authentication, level 3, §11).
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

const [modules, executablePath, url] = process.argv.slice(2);
const { chromium } = createRequire(join(modules, "resolver.js"))("playwright-core");
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const page = await (await browser.newContext()).newPage();
const asked = [];
page.on("request", (request) => asked.push(new URL(request.url()).origin));
const devices = await page.context().newCDPSession(page);
await devices.send("WebAuthn.enable");
const { authenticatorId } = await devices.send("WebAuthn.addVirtualAuthenticator", {
  options: {
    protocol: "ctap2",
    transport: "internal",
    hasResidentKey: true,
    hasUserVerification: true,
    isUserVerified: true,
  },
});

const acts = {
  // Opens a page.
  open: async ({ path }) => { await page.goto(url + path); },
  // Fills a form in, presses the button of the passkey, and waits for where that leads or for what it tells.
  press: async ({ fields = {}, leads }) => {
    for (const [name, value] of Object.entries(fields)) {
      const field = page.locator(`[name="${name}"]`);
      if (await field.first().getAttribute("type") === "radio") await page.locator(`[value="${value}"]`).check();
      else await field.fill(value);
    }
    const before = page.url();
    await page.locator("#passkey").click();
    const led = page.waitForURL(url + leads, { timeout: 20_000, waitUntil: "load" });
    const told = page.waitForFunction(() => document.getElementById("told")?.textContent, null, { timeout: 20_000 });
    if (before === url + leads) await Promise.race([page.waitForEvent("load"), told]);
    else await Promise.race([led, told]);
    led.catch(() => {});
    told.catch(() => {});
  },
  // Presses a button, and waits for where that leads at last, over other sites too.
  click: async ({ label, leads }) => {
    await page.getByRole("button", { name: label }).click();
    await page.waitForURL(url + leads, { timeout: 20_000 });
  },
  // Has the authenticator know its owner, or not.
  verify: async ({ known }) => {
    await devices.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: known });
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { act, ...what } = JSON.parse(line);
  await acts[act](what);
  const told = await page.evaluate(() => document.getElementById("told")?.textContent ?? "");
  const text = await page.locator("body").innerText();
  console.log(JSON.stringify({ at: page.url().slice(url.length), text, told, asked: [...new Set(asked)] }));
}
await browser.close();
