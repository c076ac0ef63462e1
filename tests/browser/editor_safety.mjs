// Nothing is lost: undo to the very beginning, reload, two tabs, a conflict, no
// network, versions, an untouched export, strange texts, the guide.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { draft, field, kept, node, ready, side, told } from "./editing.mjs";
import { example, importText, links, person, story } from "./support.mjs";

const BAD = '<img src=x onerror="alert(1)">';

await story(async (browser) => {
  const { context, page, complaints } = await person(browser, { viewport: { width: 1440, height: 900 } });
  await page.goto(links[0]);
  const scenario = await importText(page, await readFile(new URL("blueprint.json", example), "utf8"));
  await page.goto(`${scenario}/edit`);
  await ready(page);
  await undoing(page, scenario);
  await reloading(page);
  await twoTabs(context, page);
  await conflict(context, page);
  await offline(context, page);
  await publishing(page, scenario);
  await strangeTexts(page);
  await unknown(page);
  await guide(page);
  // What the browser itself says of the refused draft and of the cut cable.
  const unwanted = complaints.filter((text) => !/status of 409|ERR_INTERNET_DISCONNECTED|ERR_NETWORK_CHANGED|ERR_FAILED/.test(text));
  assert.deepEqual(unwanted, []);
});

async function exported(page, scenario) {
  return (await page.request.get(`${scenario}/export`)).text();
}

/** Names, settings, filters, places, copies, deletions: all of it back. */
async function undoing(page, scenario) {
  const [before, file] = [await draft(page), await exported(page, scenario)];
  await node(page, 4).focus();
  await page.keyboard.press("Alt+ArrowDown");
  await page.keyboard.press("Control+d");
  await node(page, 4).focus();
  await page.keyboard.press("d");
  await page.keyboard.press("Enter");
  await field(page, "Subject").click();
  await page.keyboard.press("End");
  await page.keyboard.type(" changed");
  for (let step = 0; step < 3 && (await side(page).isVisible()); step += 1) await page.keyboard.press("Escape");
  await node(page, 4).focus();
  await page.keyboard.press("l");
  await side(page).getByLabel("Label").fill("Another label");
  await page.keyboard.press("Escape");
  await node(page, 3).focus();
  await page.keyboard.press("Delete");
  await node(page, 3).waitFor({ state: "detached" });
  const changed = await draft(page);
  assert.notDeepEqual(changed.root, before.root);
  await all(page, "undo");
  assert.deepEqual(await draft(page).then(({ root, links }) => ({ root, links })), { root: before.root, links: before.links });
  await all(page, "redo");
  assert.deepEqual((await draft(page)).root, changed.root);
  await all(page, "undo");
  await kept(page);
  assert.equal(await exported(page, scenario), file, "the export is what it was, byte for byte");
}

async function all(page, act) {
  const button = page.locator(`[data-act="${act}"]`);
  for (let step = 0; step < 60 && (await button.getAttribute("aria-disabled")) !== "true"; step += 1) await button.click();
}

async function reloading(page) {
  await node(page, 4).focus();
  await page.keyboard.press("d");
  const before = await draft(page);
  await page.reload();
  await ready(page);
  assert.deepEqual((await draft(page)).root, before.root);
  assert.match(await node(page, 4).getAttribute("aria-label"), /switched off/);
}

/** Both tabs are told, and a change in one is seen in the other. */
async function twoTabs(context, page) {
  const other = await context.newPage();
  await other.goto(page.url());
  await ready(other);
  await page.locator("#people:not([hidden])").waitFor();
  await node(other, 4).focus();
  await other.keyboard.press("d");
  await kept(other);
  await page.waitForFunction(() => !/switched off/.test(document.querySelector('#nodes [data-key="4"]').getAttribute("aria-label")));
  await other.close();
}

/** Cut off, one goes on; another tab keeps something else meanwhile. */
async function conflict(context, main) {
  // It hears nothing: it can neither share a stream nor ask.
  const page = await context.newPage();
  await page.addInitScript(() => delete globalThis.SharedWorker);
  await page.route("**/live?*", (route) => route.abort());
  await page.goto(main.url());
  await ready(page);
  const other = await context.newPage();
  await other.goto(page.url());
  await ready(other);
  await page.route("**/draft", (route) => (route.request().method() === "POST" ? route.abort() : route.continue()));
  await node(page, 3).focus();
  await page.keyboard.press("d");
  await node(other, 4).focus();
  await other.keyboard.press("Alt+ArrowDown");
  await kept(other);
  await page.unroute("**/draft");
  // It tries again by itself.
  const dialog = page.getByRole("dialog", { name: "This scenario was changed elsewhere" });
  await dialog.waitFor();
  await dialog.getByRole("button", { name: "Keep mine" }).click();
  await kept(page);
  assert.match(await node(page, 3).getAttribute("aria-label"), /switched off/);
  await other.close();
  await page.close();
}

/** Without a network one works on; with it again everything is kept. */
async function offline(context, page) {
  await page.reload();
  await ready(page);
  await context.setOffline(true);
  await node(page, 4).focus();
  await page.keyboard.press("d");
  await page.locator('#saved:not([data-state="kept"])').waitFor();
  await page.keyboard.press("Alt+ArrowRight");
  await page.waitForTimeout(1500);
  await context.setOffline(false);
  await kept(page);
  await page.reload();
  await ready(page);
  assert.match(await node(page, 4).getAttribute("aria-label"), /switched off/);
}

/** The live version is the old one until somebody publishes; versions come back. */
async function publishing(page, scenario) {
  const live = await exported(page, scenario);
  assert.ok((await draft(page)).isChanged);
  await page.getByRole("button", { name: "Publish" }).click();
  const dialog = page.getByRole("dialog", { name: "Publish the draft" });
  await dialog.getByLabel("Note").fill(BAD);
  await dialog.getByRole("button", { name: "Publish" }).click();
  await told(page, /^Published as version/);
  assert.equal((await draft(page)).isChanged, false);
  const published = await exported(page, scenario);
  assert.notEqual(published, live);
  // A draft that is given up leaves what is live.
  await node(page, 3).focus();
  await page.keyboard.press("Alt+ArrowUp");
  await kept(page);
  await page.getByRole("button", { name: "Publish" }).click();
  await dialog.getByRole("button", { name: "Discard the draft…" }).click();
  await page.getByRole("dialog", { name: "Discard the draft?" }).getByRole("button", { name: "Discard the draft" }).click();
  await told(page, "This is the live version.");
  assert.equal((await draft(page)).isChanged, false);
  await page.goto(`${scenario}/versions`);
  await page.getByText(BAD).first().waitFor();
  await page.getByRole("button", { name: "Restore version 1" }).click();
  await page.waitForLoadState();
  await page.goto(`${scenario}/edit`);
  await ready(page);
  assert.doesNotMatch(await node(page, 4).getAttribute("aria-label"), /switched off/);
}

/** Names, labels and notes are texts and nothing else. */
async function strangeTexts(page) {
  const text = JSON.stringify({
    name: BAD,
    flow: [
      { id: 1, module: "gateway:CustomWebHook", version: 1, parameters: {}, mapper: {}, metadata: { designer: { x: 0, y: 0, name: BAD } } },
      { id: 2, module: "json:ParseJSON", version: 1, parameters: {}, mapper: { json: BAD }, filter: { name: BAD, conditions: [[{ a: BAD, o: "text:equal", b: BAD }]] }, metadata: { designer: { x: 300, y: 0, name: BAD } } },
    ],
    metadata: { version: 1, designer: { orphans: [] }, notes: [{ moduleIds: [1], content: `<p>${BAD}</p>`, isFilterNote: false, metadata: { color: "#9138FE" } }] },
  });
  const scenario = await importText(page, text);
  await page.goto(`${scenario}/edit`);
  await ready(page);
  await node(page, 2).focus();
  for (const key of ["Enter", "Escape", "l", "Escape", "o"]) await page.keyboard.press(key);
  await page.locator("#side").getByText("<img src=x").first().waitFor();
  assert.equal(await page.locator("img").count(), 0);
  await page.keyboard.press("Escape");
}

/** Modules that are not there keep and show everything. */
async function unknown(page) {
  const text = await readFile(new URL("../../tests/testdata/blueprints/error-handlers.json", example), "utf8");
  const scenario = await importText(page, text);
  await page.goto(`${scenario}/edit`);
  await ready(page);
  await page.locator("#nodes .is-unavailable").first().focus();
  await page.keyboard.press("Enter");
  await side(page).getByText("Rouage does not have this module yet").waitFor();
  assert.ok((await side(page).locator("input, textarea, select, mapping-field").count()) > 0);
  await page.keyboard.press("Escape");
}

/** The guide points at what is there, and goes on by what one does. */
async function guide(page) {
  await page.goto("/scenarios/new");
  await page.getByRole("button", { name: "Show me" }).click();
  await ready(page);
  const card = page.getByRole("region", { name: "Step by step" });
  const step = (title) => card.getByRole("heading", { name: title }).waitFor();
  await step("What sets it off?");
  await page.locator(".tour-ring:not([hidden])").waitFor({ state: "attached" });
  await page.getByRole("button", { name: /^Add the first module/ }).click();
  await page.getByRole("combobox", { name: "Search apps and modules" }).fill("webhook");
  await page.getByRole("option", { name: /Custom webhook/ }).first().click();
  await step("Make the address");
  await side(page).getByRole("button", { name: "Create a webhook" }).click();
  await page.getByRole("dialog", { name: "Create a webhook" }).getByRole("button", { name: "Create" }).click();
  await step("Show it an order");
  await card.getByRole("button", { name: "Send an example order" }).click();
  await step("Add the next module");
  await node(page, 1).hover();
  await node(page, 1).locator(".plus").click();
  await page.getByRole("combobox", { name: "Search apps and modules" }).fill("sheet");
  await page.getByRole("option", { name: /Add a Row/ }).first().click();
  await step("Which spreadsheet?");
  await card.getByText("Still empty:").waitFor();
  await side(page).getByRole("button", { name: "Use built-in spreadsheets" }).click();
  await side(page).getByRole("combobox", { name: /^Spreadsheet/ }).click();
  await page.getByRole("option", { name: /New built-in spreadsheet/ }).click();
  const dialog = page.getByRole("dialog", { name: "New built-in spreadsheet" });
  await dialog.getByLabel("Titles of its columns").fill("Who");
  await dialog.getByRole("button", { name: "Create" }).click();
  await step("Fill the columns");
  await field(page, "Who").click();
  await page.locator("#mapping").getByRole("button", { name: "email", exact: true }).first().click();
  await step("Try it");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Run once" }).first().click();
  await page.locator("#run-card").getByText("Waiting for data…").waitFor();
  await card.getByRole("button", { name: "Send the example order" }).click();
  await step("Make it live");
  await page.getByRole("button", { name: "Publish" }).click();
  await page.getByRole("dialog", { name: "Publish the draft" }).getByRole("button", { name: "Publish" }).click();
  await page.locator("#draft-sign").waitFor({ state: "hidden" });
  await step("Switch it on");
  await page.locator("#switch").click();
  // It ends when an order went through the live version, and not before.
  await step("See it work");
  await card.getByRole("button", { name: "Send an order" }).click();
  await step("That is all");
  await card.getByRole("button", { name: "Finish" }).click();
  await card.waitFor({ state: "detached" });
}
