// What axe-core finds wrong with pages: `node axe.mjs MODULES FILE...`, a line of JSON for each; modules are in the folder given.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const [modules, ...files] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const { JSDOM, VirtualConsole } = require("jsdom");
const axe = require("axe-core");
const names = (results) => results.map((each) => [each.id, each.nodes.length]);

for (const file of files) {
  // A canvas is not drawn here, so that colours cannot be measured: contrast is held by another test.
  const page = new JSDOM(readFileSync(file, "utf8"), {
    runScripts: "outside-only", pretendToBeVisual: true, virtualConsole: new VirtualConsole(),
  });
  page.window.eval(axe.source);
  const found = await page.window.axe.run(page.window.document, { rules: { "color-contrast": { enabled: false } } });
  process.stdout.write(`${JSON.stringify({ violations: names(found.violations), passes: names(found.passes) })}\n`);
  page.window.close();
}
