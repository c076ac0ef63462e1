// Real blueprints of strangers, opened in the editor: each is drawn without
// overlap and without a complaint, and opening it changes nothing of it.
// In the suite on a sample; by hand on all of a folder:
//   ROUAGE_TEST_ALL=1 with the variables that `script.rs` sets.
import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { apart, ready } from "./editing.mjs";
import { overlaps } from "./overlaps.mjs";
import { links, person, story } from "./support.mjs";

const folder = process.env.ROUAGE_TEST_BLUEPRINTS;
const SAMPLE = 12;

await story(async (browser) => {
  const { page, complaints } = await person(browser, { viewport: { width: 1440, height: 900 } });
  await page.goto(links[0]);
  const all = (await readdir(folder)).filter((name) => name.endsWith(".json")).sort();
  const each = process.env.ROUAGE_TEST_ALL ? 1 : Math.max(1, Math.floor(all.length / SAMPLE));
  const chosen = all.filter((_, index) => index % each === 0);
  const refused = [];
  page.on("response", (response) => response.status() >= 400 && refused.push(`${response.status()} ${new URL(response.url()).pathname}`));
  const problems = [];
  for (const name of chosen) {
    complaints.length = refused.length = 0;
    const found = await open(page, await readFile(`${folder}/${name}`, "utf8")).catch((error) => [error.message.split("\n").slice(0, 3).join(" ")]);
    problems.push(...[...found, ...complaints, ...refused].map((problem) => `${name}: ${problem}`));
  }
  console.log(`${chosen.length} blueprints opened, ${new Set(problems.map((problem) => problem.split(":")[0])).size} with problems`);
  assert.ok(chosen.length > 0 && problems.length === 0, problems.join("\n"));
});

/** Imports it, opens it, and says what is wrong. */
async function open(page, text) {
  const problems = [];
  const answer = await page.request.post("/import", { multipart: { text }, headers: { origin: new URL(page.url()).origin }, maxRedirects: 0 });
  const place = answer.headers().location ?? "";
  const scenario = /\/scenarios\/[0-9]+/.exec(place)?.[0];
  if (!scenario) return [`the import answered ${answer.status()} ${place}`];
  await page.goto(`${scenario}/edit`);
  await ready(page);
  await apart(page).catch((error) => problems.push(`discs lie on each other: ${error.message.replace(/\s+/g, " ").slice(0, 200)}`));
  // The sentence may be cut off, but never so that nothing is left to press.
  const sentence = await page.locator("#sentence").evaluate((element) => ({ text: element.textContent, ...element.getBoundingClientRect().toJSON() }));
  if (sentence.text !== "" && (sentence.width < 50 || sentence.right > 1440)) problems.push(`the sentence reaches from ${sentence.left} to ${sentence.right}`);
  problems.push(...(await overlaps(page)));
  const exported = await page.request.get(`${scenario}/export`);
  const spaceless = (json) => JSON.stringify(JSON.parse(json));
  if (spaceless(await exported.text()) !== spaceless(text)) problems.push("the export is not what was imported");
  return problems;
}
