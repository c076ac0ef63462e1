// Looks at pages at two widths and in two themes: nothing to complain about in
// the console, nothing wider than the window, nothing that axe objects to. A
// picture of each is kept.
import assert from "node:assert/strict";
import { readFile, readdir, mkdir } from "node:fs/promises";
import axe from "axe-core";
import { person } from "./support.mjs";

const SIZES = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
];
const THEMES = ["light", "dark"];
const pictures = process.env.ROUAGE_TEST_SCREENSHOTS;

/** Each page has a `name`, a `path`, its `route` where that differs, and the
 *  `status` it is answered with unless that is 200. */
export async function look(browser, pages, options = {}) {
  await mkdir(pictures, { recursive: true });
  const problems = await Promise.all(SIZES.map((size) => lookAt(browser, pages, size, options)));
  assert.ok(problems.flat().length === 0, problems.flat().join("\n"));
}

async function lookAt(browser, pages, size, options) {
  const { page, complaints, context } = await person(browser, { ...options, viewport: size });
  const problems = [];
  for (const wanted of pages) {
    complaints.length = 0;
    const answer = await open(page, wanted.path);
    const status = wanted.status ?? 200;
    if (answer.status() !== status) problems.push(`${wanted.name}: ${wanted.path} answered ${answer.status()}`);
    for (const theme of THEMES) {
      await page.emulateMedia({ colorScheme: theme });
      const file = `${wanted.name}-${size.width}-${theme}`;
      await page.screenshot({ path: `${pictures}/${file}.png`, fullPage: true, animations: "disabled" });
      problems.push(...(await unsound(page)).map((problem) => `${file}: ${problem}`));
    }
    // The browser itself notes an answer that is wanted here.
    const unwanted = complaints.filter((text) => status === 200 || !text.includes(`status of ${status}`));
    problems.push(...unwanted.map((text) => `${wanted.name}-${size.width}: ${text}`));
  }
  await context.close();
  return problems;
}

/** Opens it afresh, also where only the part after # differs. A live page
 *  looks again as soon as its stream is open; that is waited for. */
async function open(page, path) {
  await page.goto("about:blank");
  let fetched = false;
  const isFetch = (request) => request.resourceType() === "fetch";
  const note = (request) => (fetched ||= isFetch(request));
  page.on("requestfinished", note);
  const answer = await page.goto(path);
  const isLive = (await page.locator("[data-live-url]").count()) > 0;
  if (isLive && !fetched) await page.waitForEvent("requestfinished", isFetch);
  page.off("requestfinished", note);
  return answer;
}

/** The page as it stands, with whatever is open on it, in both themes. */
export async function state(page, name, problems) {
  await mkdir(pictures, { recursive: true });
  const { width } = page.viewportSize();
  for (const theme of THEMES) {
    await page.emulateMedia({ colorScheme: theme });
    const file = `${name}-${width}-${theme}`;
    await page.screenshot({ path: `${pictures}/${file}.png`, animations: "disabled" });
    problems.push(...(await unsound(page)).map((problem) => `${file}: ${problem}`));
  }
}

async function unsound(page) {
  const problems = [];
  const [has, room] = await page.evaluate(() => [document.scrollingElement.scrollWidth, innerWidth]);
  if (has > room) problems.push(`is ${has} wide where there is room for ${room}: ${await widest(page)}`);
  // The policy of the pages allows no foreign script; this one comes from outside of them.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => axe.run({ iframes: false, resultTypes: ["violations"] }));
  problems.push(...(await unnamed(page)));
  for (const { id, help, nodes: all } of violations) {
    // axe reads the texts of a drawing as one word; `unnamed` looks at them.
    const nodes = id === "label-content-name-mismatch" ? all.filter((node) => !/^<(g |a class="(node|filter) )/.test(node.html)) : all;
    if (nodes.length === 0) continue;
    const where = nodes.slice(0, 3).map((node) => `${node.target.join(" ")} (${node.any[0]?.message ?? ""})`);
    problems.push(`${id}: ${help}: ${nodes.length}× ${where.join("; ")}`);
  }
  return problems;
}

/** What a disc is called by those who see it, those who hear it must find too. */
function unnamed(page) {
  return page.evaluate(() =>
    [...document.querySelectorAll("#canvas [role=button], svg a[aria-label]")].flatMap((piece) => {
      const name = piece.getAttribute("aria-label") ?? "";
      const shown = [...piece.querySelectorAll(":scope > text.name, :scope > text.kind")].map((text) => text.textContent.replace(/…$/, ""));
      return shown.filter((text) => !name.includes(text)).map((text) => `“${text}” is called “${name}”`);
    }),
  );
}

/** Who sticks out, for the message. */
function widest(page) {
  return page.evaluate(() => {
    const out = [...document.querySelectorAll("main *")].filter((one) => one.getBoundingClientRect().right > innerWidth + 1);
    return out.slice(0, 3).map((one) => `${one.tagName.toLowerCase()}.${one.className}`).join(", ");
  });
}

/** What a GET gives that is no page to look at. */
const NO_PAGES = [
  "/",
  "/health",
  "/assets/{name}",
  "/auto/{token}",
  "/scenarios/{id}/export",
  "/live",
  "/scenarios/{id}/draft/replaced",
  // Goes on to the history.
  "/scenarios/{id}/failures",
  "/executions/{id}/operations/{operation}/{side}",
  "/outbox/{id}/html",
  "/outbox/{id}/raw",
  "/outbox/{id}/attachments/{index}",
  "/spreadsheets/{id}/download.xlsx",
  "/spreadsheets/{id}/download.csv",
  "/datastores/{id}/export.csv",
  "/executions.csv",
  "/scenarios/{id}/history.csv",
  "/files/{id}",
  "/api/executions/{id}",
  "/editor/connections",
  "/editor/connections/new/{kind}",
  "/editor/functions.json",
  "/editor/catalogue.json",
  "/editor/hooks",
  "/editor/hooks/{id}",
  "/executions/{id}/modules/{module}",
  "/executions/{id}/state",
  "/scenarios/{id}/draft",
  "/scenarios/{id}/draft/modules/{module}/values",
  "/scenarios/{id}/edit/changes",
  "/scenarios/{id}/edit/state",
  "/scenarios/{id}/items",
  "/scenarios/{id}/runs.json",
  "/scenarios/{id}/trigger.json",
];

/** The pages that the program has, read from its table of routes. */
export async function routes() {
  const sources = new URL("../../crates/web/src/", import.meta.url);
  const files = (await readdir(sources, { recursive: true })).filter((name) => name.endsWith(".rs"));
  const texts = await Promise.all(files.map((name) => readFile(new URL(name, sources), "utf8")));
  const found = texts.flatMap((text) => [...text.matchAll(/Route::get\(\s*"([^"]+)"/g)].map((match) => match[1]));
  assert.ok(found.length > 30, "the table of routes was found");
  return found.filter((route) => !NO_PAGES.includes(route)).sort();
}
