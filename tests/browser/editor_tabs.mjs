// Many windows of one browser: over plain http it has six connections, and all
// pages must go on working. Then a browser that cannot share a stream, and a
// server that does not answer.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { kept, node, ready, side } from "./editing.mjs";
import { example, importText, links, person, post, story, url } from "./support.mjs";

await story(async (browser) => {
  const { context, page, complaints } = await person(browser, { viewport: { width: 1440, height: 900 } });
  await page.goto(links[0]);
  const blueprint = await readFile(new URL("blueprint.json", example), "utf8");
  const scenarios = [await importText(page, blueprint), await importText(page, blueprint)];
  await eight(context, page, scenarios);
  await alone(browser, scenarios[0], await context.cookies());
  await slow(page, scenarios[1]);
  // What the browser says of the answers that were held back.
  assert.deepEqual(complaints.filter((text) => !/ERR_FAILED/.test(text)), []);
});

/** Six editors and two live pages, all of them seen. */
async function eight(context, page, scenarios) {
  await page.goto("/webhooks");
  const hook = await page.locator('.cards a[href^="/webhooks/"]').first().getAttribute("href");
  await page.goto(hook);
  const editors = [];
  for (let number = 0; number < 6; number += 1) {
    const editor = await context.newPage();
    await editor.goto(`${scenarios[number % 2]}/edit`);
    await ready(editor);
    editors.push(editor);
  }
  const history = await context.newPage();
  await history.goto(`${scenarios[0]}/history`);
  assert.equal(await editors[0].evaluate(() => document.visibilityState), "visible");
  // Each tab knows of the two others that have its scenario open.
  for (const editor of editors) await editor.locator("#people li").waitFor();
  for (const [number, editor] of editors.entries()) {
    await node(editor, 4).focus();
    const wasOff = await isOff(editor);
    await editor.keyboard.press("d");
    await editor.waitForTimeout(100);
    await within(3_000, () => kept(editor));
    for (const other of editors.filter((_, index) => index % 2 === number % 2)) {
      await within(5_000, () => other.waitForFunction((wasOff) => /switched off/.test(document.querySelector('#nodes [data-key="4"]').getAttribute("aria-label")) !== wasOff, wasOff));
    }
  }
  // A page that is no editor hears of it too.
  const before = await page.locator('[data-live="page"]').innerText();
  const address = (await page.locator("#url").innerText()).replace(/^https?:\/\/[^/]+/, url);
  assert.ok((await post(address, { order: 1 })).status < 500);
  await within(5_000, () => page.waitForFunction((before) => document.querySelector('[data-live="page"]').innerText !== before, before));
  for (const editor of [...editors, history]) await editor.close();
}

async function isOff(page) {
  return /switched off/.test(await node(page, 4).getAttribute("aria-label"));
}

async function within(milliseconds, act) {
  const begun = Date.now();
  await act();
  assert.ok(Date.now() - begun < milliseconds, `it took ${Date.now() - begun} ms`);
}

/** Without a shared worker pages ask instead. */
async function alone(browser, scenario, cookies) {
  const { context, page, complaints } = await person(browser);
  await context.addInitScript(() => delete globalThis.SharedWorker);
  await context.addCookies(cookies);
  const other = await context.newPage();
  for (const one of [page, other]) {
    await one.goto(`${scenario}/edit`);
    await ready(one);
  }
  await page.locator("#people li").waitFor();
  const wasOff = await isOff(page);
  await node(other, 4).focus();
  await other.keyboard.press("d");
  await page.waitForFunction((wasOff) => /switched off/.test(document.querySelector('#nodes [data-key="4"]').getAttribute("aria-label")) !== wasOff, wasOff);
  await kept(other);
  await context.close();
  assert.deepEqual(complaints, []);
}

/** Nothing is said to be kept, or not to be there, that is only on its way. */
async function slow(page, scenario) {
  const held = [];
  await page.route("**/items", (route) => route.abort());
  await page.goto(`${scenario}/edit`);
  await ready(page);
  await node(page, 4).focus();
  await page.keyboard.press("Enter");
  await side(page).getByRole("textbox", { name: "Subject", exact: true }).click();
  await page.locator("#mapping").getByText("Cannot be loaded").waitFor();
  assert.equal(await page.locator("#mapping").getByText("No module runs before").count(), 0);
  await page.unroute("**/items");
  await page.locator("#mapping").getByText("Cannot be loaded").waitFor({ state: "detached" });
  await page.route("**/draft", (route) => (route.request().method() === "POST" ? held.push(route) : route.continue()));
  await page.keyboard.type("x");
  await page.locator("#saved").getByText("Not kept yet").waitFor();
  for (const route of held.splice(0)) await route.continue();
  await page.unroute("**/draft");
  await kept(page);
}
