// The mapping field and its panel: pills by typing, pasting, clicking and
// dragging, completion, deletion that leaves no broken formula, exact texts,
// and what a text gives.
import assert from "node:assert/strict";
import axe from "axe-core";
import { links, person, story } from "./support.mjs";

await story(async (browser) => {
  const { page, complaints } = await person(browser, { viewport: { width: 1440, height: 900 }, permissions: ["clipboard-read", "clipboard-write"] });
  await page.addInitScript(() => addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective}`)));
  await page.goto(links[0]);
  await page.waitForURL("**/scenarios/*");
  const edit = `${new URL(page.url()).pathname}/edit`;
  await page.goto(edit);
  await openModule(page);
  for (const check of [typing, crossing, copying, oneLine, clicking, functions, completion, deleting, dragging, lists, keyboard, preview, undo, faults, forms]) {
    await put(page, "Subject", "");
    await check(page);
  }
  await sound(page);
  await phone(page);
  for (const isPhone of [false, true]) await loop(page, isPhone);
  assert.deepEqual(complaints, []);
  await plain(browser, page, edit);
});

async function openModule(page) {
  await page.getByRole("button", { name: /Send an Email, module 4/ }).first().focus();
  await page.keyboard.press("Enter");
  await box(page, "Subject").waitFor();
  await page.locator("mapping-field .cm-content").first().waitFor();
}

function box(page, name) {
  return page.getByRole("textbox", { name, exact: true });
}

function panel(page) {
  return page.locator("#mapping");
}

/** The stored text of a field. */
function value(page, name) {
  return box(page, name).evaluate((element) => element.getRootNode().host.value);
}

/** The field as it is on the page, around what is in its shadow. */
function field(page, name) {
  return page.locator("mapping-field").filter({ has: box(page, name) });
}

/** Writes a text by hand, as pasting does. */
async function put(page, name, text) {
  await box(page, name).focus();
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Delete");
  if (text === "") return;
  await page.evaluate((text) => navigator.clipboard.writeText(text), text);
  await page.keyboard.press("Control+v");
  assert.equal(await value(page, name), text);
}

function pills(page, name) {
  return field(page, name).locator(".pill").allInnerTexts();
}

async function press(page, ...keys) {
  for (const key of keys) await page.keyboard.press(key);
}

/** Waits for the list, and a moment more: it takes no key just as it opens. */
async function listed(page, name) {
  await field(page, name).locator(".cm-tooltip-autocomplete li").first().waitFor();
  await page.waitForTimeout(150);
}

async function typing(page) {
  await page.keyboard.type("Hi {{1.email}}!");
  assert.equal(await value(page, "Subject"), "Hi {{1.email}}!");
  assert.deepEqual(await pills(page, "Subject"), ["1. email"]);
}

async function crossing(page) {
  await put(page, "Subject", "Hi {{1.email}}!");
  await press(page, "Home", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight");
  await page.keyboard.type("x");
  assert.equal(await value(page, "Subject"), "Hi {{1.email}}x!");
  await press(page, "Backspace", "Backspace");
  assert.equal(await value(page, "Subject"), "Hi !");
  await press(page, "Control+z");
  assert.deepEqual(await pills(page, "Subject"), ["1. email"]);
}

async function copying(page) {
  const text = 'Hi {{upper(1.`first_name`; "x" )}}{{ 1.email }} {not} {{';
  await put(page, "Subject", text);
  assert.equal((await pills(page, "Subject")).length, 5);
  await press(page, "Control+a", "Control+c");
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), text);
}

async function oneLine(page) {
  await page.evaluate(() => navigator.clipboard.writeText("a\r\nb"));
  await press(page, "Control+v", "Enter");
  assert.equal(await value(page, "Subject"), "a b");
  const before = await value(page, "Content");
  await box(page, "Content").focus();
  await press(page, "Control+End", "Enter");
  await page.keyboard.type("x");
  assert.equal(await value(page, "Content"), `${before}\nx`);
  await press(page, "Control+z");
  assert.equal(await value(page, "Content"), before);
}

async function clicking(page) {
  await panel(page).getByRole("button", { name: "email", exact: true }).click();
  assert.equal(await value(page, "Subject"), "{{1.email}}");
  // The focus is back in the field, behind what was put in.
  await page.keyboard.type(" ");
  await panel(page).getByRole("button", { name: "status", exact: true }).click();
  assert.equal(await value(page, "Subject"), "{{1.email}} {{1.status}}");
}

async function functions(page) {
  await panel(page).getByRole("tab", { name: "Text" }).click();
  await panel(page).getByRole("button", { name: "replace", exact: true }).click();
  assert.equal(await value(page, "Subject"), "{{replace(; ; )}}");
  await panel(page).getByRole("tab", { name: "Items" }).click();
  await panel(page).getByRole("button", { name: "email", exact: true }).click();
  assert.equal(await value(page, "Subject"), "{{replace(1.email; ; )}}");
  await put(page, "Subject", "Ada");
  await press(page, "Control+a");
  await panel(page).getByRole("tab", { name: "Text" }).click();
  await panel(page).getByRole("button", { name: "upper", exact: true }).click();
  assert.equal(await value(page, "Subject"), '{{upper("Ada")}}');
  await panel(page).getByRole("tab", { name: "Items" }).click();
}

async function completion(page) {
  await page.keyboard.type("{{upp");
  await listed(page, "Subject");
  await press(page, "Enter");
  assert.equal(await value(page, "Subject"), "{{upper()}}");
  await page.keyboard.type("1.ema");
  await listed(page, "Subject");
  await press(page, "Enter");
  assert.equal(await value(page, "Subject"), "{{upper(1.email)}}");
  await press(page, "End", "Control+Space");
  await listed(page, "Subject");
  await field(page, "Subject").locator(".cm-tooltip-autocomplete li", { hasText: "order_id" }).first().click();
  assert.equal(await value(page, "Subject"), "{{upper(1.email)}}{{1.order_id}}");
}

async function deleting(page) {
  await put(page, "Subject", "a{{upper(lower(1.email))}}");
  await press(page, "End", "Backspace");
  assert.equal(await value(page, "Subject"), "a{{upper(lower(1.email))}}");
  assert.equal(await field(page, "Subject").locator(".pill.is-selected").count(), 5);
  await press(page, "Backspace");
  assert.equal(await value(page, "Subject"), "a");
  await press(page, "Control+z");
  assert.equal(await value(page, "Subject"), "a{{upper(lower(1.email))}}");
  // Cutting through a call selects all of it first.
  await press(page, "Home", "Shift+ArrowRight", "Shift+ArrowRight", "Control+x");
  assert.equal(await value(page, "Subject"), "a{{upper(lower(1.email))}}");
  await press(page, "Control+x");
  assert.equal(await value(page, "Subject"), "");
}

async function dragging(page) {
  await put(page, "Subject", "{{1.email}} and {{1.status}}");
  const line = field(page, "Subject").locator(".cm-line");
  const { width } = await line.boundingBox();
  await field(page, "Subject").locator(".pill").first().dragTo(line, { targetPosition: { x: width - 12, y: 11 } });
  assert.equal(await value(page, "Subject"), " and {{1.status}}{{1.email}}");
  await press(page, "Control+z");
  assert.equal(await value(page, "Subject"), "{{1.email}} and {{1.status}}");
  await panel(page).getByRole("button", { name: "phone", exact: true }).dragTo(line, { targetPosition: { x: width - 12, y: 11 } });
  assert.equal(await value(page, "Subject"), "{{1.email}} and {{1.status}}{{1.phone}}");
}

async function lists(page) {
  await panel(page).getByRole("button", { name: "Show what is in items" }).click();
  await panel(page).getByLabel("Which item").first().selectOption("all");
  await panel(page).getByRole("button", { name: "name", exact: true }).click();
  assert.equal(await value(page, "Subject"), '{{map(1.items; "name")}}');
  await put(page, "Subject", "");
  await panel(page).getByLabel("Which item").first().selectOption("nth");
  await panel(page).getByLabel("Number of the item").first().fill("2");
  await panel(page).getByRole("button", { name: "name", exact: true }).click();
  assert.equal(await value(page, "Subject"), "{{1.items[2].name}}");
}

/** No mouse: into the panel, a search, in with it, out again. */
async function keyboard(page) {
  await press(page, "Alt+ArrowDown");
  await page.keyboard.type("order_");
  await press(page, "ArrowDown", "Enter");
  await page.keyboard.type("!");
  assert.equal(await value(page, "Subject"), "{{1.order_id}}!");
  await press(page, "Escape");
  assert.equal(await page.locator(".mapping-panel").count(), 0);
  // The panel with the field is still open: Escape goes one step at a time.
  assert.equal(await box(page, "Subject").isVisible(), true);
  await box(page, "Subject").click();
  await page.locator(".mapping-panel").waitFor();
}

async function preview(page) {
  const line = page.locator(".mapping").filter({ has: box(page, "Subject") }).locator(".mapping-gives");
  const { height } = await line.boundingBox();
  await put(page, "Subject", "{{upper(1.email)}}");
  await line.filter({ hasText: "ELOISE.DARCY@EXAMPLE.FR" }).waitFor();
  await put(page, "Subject", "{{1.nothing_of_this}}");
  await page.locator(".mapping-gives.is-warning").first().waitFor();
  await put(page, "Subject", "{{upper(1.email}}");
  await page.locator(".mapping-gives.is-bad").first().waitFor();
  await put(page, "Subject", "");
  await line.filter({ hasText: /^$/ }).waitFor();
  assert.equal((await line.boundingBox()).height, height);
}

/** The history of the field first, then that of the editor: both lead back to
 *  the very document. */
async function undo(page) {
  await page.keyboard.type("abc");
  await press(page, "Control+z");
  assert.equal(await value(page, "Subject"), "");
  await press(page, "Control+y");
  assert.equal(await value(page, "Subject"), "abc");
}

async function faults(page) {
  await put(page, "Subject", "{{uppr(99.x)}}{{abc}}");
  assert.equal(await field(page, "Subject").locator(".is-bad").count(), 3);
  await field(page, "Subject").locator(".pill").first().hover();
  await page.getByText("There is no function “uppr”. Did you mean “upper”?").waitFor();
  await page.mouse.move(5, 5);
  await field(page, "Subject").locator(".pill").nth(1).click();
  await page.getByText("Module 99 is no longer in the scenario").waitFor();
}

async function forms(page) {
  await put(page, "Subject", "Hi {{1.email}}");
  const sent = await field(page, "Subject").evaluate((element) => {
    const form = document.createElement("form");
    form.id = "a-form";
    document.body.append(form);
    element.setAttribute("name", "subject");
    element.setAttribute("form", "a-form");
    return new FormData(form).get("subject");
  });
  assert.equal(sent, "Hi {{1.email}}");
}

async function sound(page) {
  await box(page, "Subject").click();
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    await page.evaluate(axe.source);
    const include = [["mapping-field"], ["#mapping"]];
    const { violations } = await page.evaluate((include) => axe.run({ include }, { resultTypes: ["violations"] }), include);
    const found = violations.map(({ id, nodes }) => `${colorScheme}: ${id}: ${nodes[0]?.target} ${nodes[0]?.any[0]?.message ?? ""}`);
    assert.deepEqual(found, []);
  }
}

/** On a phone the panel is a sheet that does not cover the field. */
async function phone(page) {
  await page.setViewportSize({ width: 390, height: 844 });
  await box(page, "Content").click();
  await page.locator(".mapping-panel.is-sheet").waitFor();
  await page.waitForTimeout(200);
  const sheet = await page.locator(".mapping-panel").boundingBox();
  const content = await field(page, "Content").boundingBox();
  assert.ok(content.y + content.height <= sheet.y && content.y >= 0, `the field ends at ${content.y + content.height}, the sheet begins at ${sheet.y}`);
}

/** One row for each line of an order, and all lines together again, as somebody
 *  builds it who has never seen an iterator; a wrong value says so, and the
 *  formula that mends it is one click away. */
async function loop(page, isPhone) {
  await page.setViewportSize(isPhone ? { width: 390, height: 844 } : { width: 1440, height: 900 });
  const side = page.locator("#side");
  const close = async () => {
    if (await panel(page).isVisible()) await page.keyboard.press("Escape");
    await side.getByRole("button", { name: "Close" }).first().click();
    await side.waitFor({ state: "hidden" });
  };
  const add = async (after, word, option) => {
    await page.locator(`#nodes [data-key="${after}"]`).focus();
    await page.keyboard.press("n");
    await page.getByRole("combobox", { name: "Search apps and modules" }).fill(word);
    // What is meant stands first.
    await page.getByRole("option").first().filter({ hasText: option }).click();
    await side.getByRole("heading", { name: option }).waitFor();
  };
  await page.goto("/scenarios/new");
  await page.getByLabel("Name", { exact: true }).fill(`Lines ${isPhone ? "by phone" : "of orders"}`);
  await page.getByRole("button", { name: "Create" }).click();
  await page.locator("html.is-ready").waitFor();
  await page.getByRole("button", { name: /^Add the first module/ }).click();
  await page.getByRole("combobox", { name: "Search apps and modules" }).fill("shop");
  await page.getByRole("option", { name: /Custom webhook/ }).first().click();
  await side.getByRole("button", { name: "Create a webhook" }).click();
  await page.getByRole("dialog", { name: "Create a webhook" }).getByRole("button", { name: "Create" }).click();
  await side.getByText("/hook/").or(side.locator("input[readonly]")).first().waitFor();
  const hook = (await side.innerText()).match(/\/hook\/\w+/)?.[0] ?? new URL(await side.locator("input[readonly]").first().inputValue()).pathname;
  const order = { order_id: 1, total_paid: "1 234,50 €", items: [{ name: "Box", quantity: 2 }, { name: "Tea", quantity: 1 }] };
  assert.equal((await page.request.post(hook, { data: order })).status(), 200);
  await page.locator(".toast").filter({ hasText: "The request has arrived" }).waitFor();
  await close();

  await add(1, "each", "Iterator");
  await page.locator("#side mapping-field").first().click();
  await panel(page).getByRole("button", { name: "items", exact: true }).first().click();
  await page.waitForFunction(() => document.querySelector("#side mapping-field")?.value === "{{1.items}}");
  await close();
  await add(2, "join", "Text aggregator");
  // The loop that it ends is chosen already.
  assert.equal(await side.getByRole("combobox", { name: /Source module/ }).inputValue(), "2");
  await page.locator("#side mapping-field").first().click();
  await panel(page).getByRole("button", { name: "name", exact: true }).first().click();
  await page.waitForFunction(() => document.querySelector("#side mapping-field")?.value === "{{2.name}}");
  await close();

  await add(3, "pause", "Sleep");
  const delay = page.locator("#side mapping-field").first();
  await delay.click();
  await page.keyboard.press("Control+a");
  await page.evaluate((text) => navigator.clipboard.writeText(text), "{{1.total_paid}}");
  await page.keyboard.press("Control+v");
  await side.locator(".mapping-gives.is-warning").filter({ hasText: "This will not convert to a whole number" }).waitFor();
  await side.getByRole("button", { name: "Make a number of it" }).click();
  assert.match(await delay.evaluate((element) => element.value), /parseNumber\(.*; ","\)/);
}

/** When the field with pills does not come, a plain one does the work. */
async function plain(browser, before, edit) {
  const storageState = await before.context().storageState();
  const { page, context } = await person(browser, { viewport: { width: 1440, height: 900 }, storageState });
  await page.route("**/assets/rich-*.js", (route) => route.abort());
  await page.goto(edit);
  await page.getByRole("button", { name: /Send an Email, module 4/ }).first().focus();
  await page.keyboard.press("Enter");
  const area = box(page, "Subject");
  await area.click();
  assert.equal(await area.evaluate((element) => element.tagName), "TEXTAREA");
  await area.fill("Hi ");
  await panel(page).getByRole("button", { name: "email", exact: true }).click();
  await page.keyboard.type("!");
  assert.equal(await value(page, "Subject"), "Hi {{1.email}}!");
  await press(page, "Enter");
  assert.equal(await value(page, "Subject"), "Hi {{1.email}}!");
  await context.close();
}
