// Pages in Chromium at a width: `node narrow.mjs NODE_MODULES CHROMIUM WIDTH FILE...`; for each, as a line of JSON, how wide its
// content is, what it asked the network for, and what axe-core (if AXE names its source) finds wrong, contrast too.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, executablePath, width, ...files] = process.argv.slice(2);
const { chromium } = createRequire(join(modules, "resolver.js"))("playwright-core");
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const axe = process.env.AXE && readFileSync(process.env.AXE, "utf8");
const context = await browser.newContext({ viewport: { width: Number(width), height: 800 }, bypassCSP: true });
for (const file of files) {
  const page = await context.newPage();
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  const own = pathToFileURL(file).href;
  await page.goto(own);
  const wide = await page.evaluate(() => document.scrollingElement.scrollWidth);
  const others = asked.filter((url) => url !== own);
  let violations = null;
  if (axe) {
    await page.evaluate(axe);
    violations = (await page.evaluate(() => window.axe.run())).violations.map((each) => [each.id, each.nodes.length]);
  }
  process.stdout.write(`${JSON.stringify({ wide, others, violations })}\n`);
  await page.close();
}
await browser.close();
