import { open, base } from "./.canvas-dev.mjs";
import { overlaps } from "./overlaps.mjs";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
const folder = "/work/shared/blueprints", KEEP = "/var/tmp/try/canvas/ids.json";
const { browser, context } = await open();
const page = await context.newPage();
await page.goto("/scenarios");
const ids = existsSync(KEEP) ? JSON.parse(await readFile(KEEP, "utf8")) : {};
const only = process.argv[2]?.split(",");
const names = (await readdir(folder)).filter((n) => n.endsWith(".json")).sort().filter((n) => !only || only.some((o) => n.startsWith(o)));
if (process.env.DIST) await context.route("**/edit", async (route) => { const r = await route.fetch(); let body = await r.text(); body = body.replace(/<g id="(links|filters|note-boxes)"([^>]*)>[\s\S]*?(?=<g id="|<\/g><\/svg>)/g, '<g id="$1"$2></g>'); await route.fulfill({ response: r, body }); });
const by = {}; let bad = 0; const all = [];
for (const name of names) {
  if (!ids[name]) {
    const a = await page.request.post("/import", { multipart: { text: await readFile(`${folder}/${name}`, "utf8") }, headers: { origin: base }, maxRedirects: 0 });
    ids[name] = /\/scenarios\/([0-9]+)/.exec(a.headers().location ?? "")?.[1];
    await writeFile(KEEP, JSON.stringify(ids));
  }
  await page.goto(`/scenarios/${ids[name]}/edit`);
  await page.waitForFunction(() => document.documentElement.classList.contains("is-ready"));
  const told = await overlaps(page);
  const n = await page.evaluate(() => [document.querySelectorAll("#nodes .node").length, document.querySelectorAll("#links .wire").length]);
  if (told.length) bad++;
  for (const t of told) { const k = t.split(":")[0]; by[k] = (by[k] ?? 0) + 1; all.push(`${name} [${n}] ${t}`); }
}
await writeFile("/var/tmp/try/canvas/overlaps.txt", all.join("\n"));
console.log(names.length, "opened", bad, "with overlaps", JSON.stringify(by, null, 1));
if (only) console.log(all.join("\n"));
await browser.close();
