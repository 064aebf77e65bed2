// What axe-core finds wrong with the page on standard input, as JSON; modules are in the folder given.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(`${process.argv[2]}/`);
const { JSDOM, VirtualConsole } = require("jsdom");
const axe = require("axe-core");

// A canvas is not drawn here, so that colours cannot be measured: contrast is held by another test.
const page = new JSDOM(readFileSync(0, "utf8"), {
  runScripts: "outside-only", pretendToBeVisual: true, virtualConsole: new VirtualConsole(),
});
page.window.eval(axe.source);
const found = await page.window.axe.run(page.window.document, { rules: { "color-contrast": { enabled: false } } });
const names = (results) => results.map((each) => [each.id, each.nodes.length]);
process.stdout.write(JSON.stringify({ violations: names(found.violations), passes: names(found.passes) }));
