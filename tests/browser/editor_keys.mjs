// The story of the shop by keyboard alone: no mouse, no finger. What is pressed
// is what a person would press; where the focus is, is looked at each time.
import assert from "node:assert/strict";
import { draft, kept, node, ready, stored, told } from "./editing.mjs";
import { state } from "./look.mjs";
import { eventually, order, person, post, setUp, story } from "./support.mjs";

await story(async (browser) => {
  const { page, complaints } = await person(browser, { viewport: { width: 1440, height: 900 }, permissions: ["clipboard-read", "clipboard-write"] });
  const problems = [];
  const look = (name) => state(page, `keys-${name}`, problems);
  await setUp(page);
  await page.goto("/scenarios/new");
  await tabTo(page, "textbox", /^Name/);
  await page.keyboard.type("Orders by keyboard");
  await press(page, "Enter");
  await ready(page);

  const address = await webhook(page);
  await row(page);
  await walk(page);
  await mail(page);
  await filter(page);
  await run(page, address);
  await everyKey(page, look);
  await noTrap(page);
  await live(page, address);
  await eventually(page, page.locator("table.grid td").filter({ hasText: "NATHALIE" }));
  assert.deepEqual(complaints, []);
  assert.ok(problems.length === 0, problems.join("\n"));
});

async function press(page, ...keys) {
  for (const key of keys) await page.keyboard.press(key);
}

/** What has the focus, as a screen reader would name it. */
function focus(page) {
  return page.evaluate(() => {
    let element = document.activeElement;
    while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
    const labels = (element.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => element.getRootNode().getElementById?.(id)?.textContent ?? "");
    const own = element.labels ? [...element.labels].map((label) => label.textContent) : [];
    const name = element.getAttribute("aria-label") ?? ([...labels, ...own].join(" ").trim() || element.textContent);
    const role = element.getAttribute("role") ?? { BUTTON: "button", A: "link", TEXTAREA: "textbox", SELECT: "combobox", SUMMARY: "summary", BODY: "body" }[element.tagName] ?? (element.type === "checkbox" ? "checkbox" : "textbox");
    return { role, name: name.replace(/\s+/g, " ").trim().slice(0, 90), key: element.dataset?.key, tag: element.tagName };
  });
}

/** Goes on with Tab until the focus is on it. */
async function tabTo(page, role, name, key = "Tab") {
  const passed = [];
  for (let step = 0; step < 120; step += 1) {
    const here = await focus(page);
    if (here.role === role && name.test(here.name)) return;
    passed.push(`${here.role} ${here.name}`);
    await press(page, key);
  }
  assert.fail(`Tab never came to ${role} ${name}; it passed ${[...new Set(passed)].join(" | ")}`);
}

async function focused(page, number) {
  await page.waitForFunction((key) => document.activeElement?.getAttribute("data-key") === key && document.activeElement.closest("#nodes"), String(number));
}

/** A choice of a list of the panel: opened, looked for, taken. */
async function choose(page, name, option) {
  await tabTo(page, "combobox", name);
  await press(page, "ArrowDown");
  await page.getByRole("option").first().waitFor();
  for (let step = 0; step < 30; step += 1) {
    const active = await page.evaluate(() => document.getElementById(document.activeElement.getAttribute("aria-activedescendant"))?.textContent ?? "");
    if (option.test(active)) break;
    await press(page, "ArrowDown");
  }
  await press(page, "Enter");
}

async function pick(page, search, name) {
  const first = page.getByRole("option").first();
  await first.waitFor();
  await page.keyboard.type(search);
  await page.locator('[role="option"][aria-selected="true"]').filter({ hasText: name }).waitFor();
  await press(page, "Enter");
}

async function webhook(page) {
  await tabTo(page, "button", /^Add the first module/);
  await press(page, "Enter");
  await pick(page, "custom webhook", "Custom webhook");
  await page.getByRole("button", { name: "Create a webhook" }).waitFor();
  await tabTo(page, "button", /^Create a webhook/);
  await press(page, "Enter");
  await page.getByRole("dialog", { name: "Create a webhook" }).waitFor();
  await tabTo(page, "textbox", /^Name of the webhook/);
  await press(page, "Control+a");
  await page.keyboard.type("Orders");
  await press(page, "Enter");
  await page.locator("#side").getByText("Waiting for data").waitFor();
  await tabTo(page, "button", /^Copy address/);
  await press(page, "Enter");
  await told(page, "The address is copied.");
  const address = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal((await post(address, await order())).status, 200);
  await page.locator("#side").getByText("first_name").first().waitFor();
  // Esc closes the panel; the focus is on the module.
  await press(page, "Escape");
  await focused(page, 1);
  return address;
}

/** N adds behind; everything is chosen from lists, and columns are mapped with
 *  the panel, which Alt and the arrow open. */
async function row(page) {
  await press(page, "n");
  await pick(page, "add a row", "Add a Row");
  await page.getByRole("button", { name: "Use built-in spreadsheets" }).waitFor();
  await tabTo(page, "button", /^Use built-in spreadsheets/);
  await press(page, "Enter");
  await choose(page, /^Spreadsheet/, /New built-in spreadsheet/);
  await page.getByRole("dialog", { name: "New built-in spreadsheet" }).waitFor();
  await tabTo(page, "textbox", /^Name of the spreadsheet/);
  await press(page, "Control+a");
  await page.keyboard.type("Customers");
  await tabTo(page, "textbox", /^Titles of its columns/);
  await page.keyboard.type("Name\nE-mail");
  await tabTo(page, "button", /^Create$/);
  await press(page, "Enter");
  await page.locator("#side").getByRole("textbox", { name: "E-mail", exact: true }).waitFor();
  await tabTo(page, "textbox", /^Name$/);
  await map(page, "first_name");
  await page.keyboard.type(" {{capi");
  await page.locator(".cm-tooltip-autocomplete li", { hasText: "capitalize" }).first().waitFor();
  await page.waitForTimeout(150);
  await press(page, "Enter");
  await map(page, "last_name");
  assert.equal(await stored(page, "Name"), "{{1.first_name}} {{capitalize(1.last_name)}}");
  await tabTo(page, "textbox", /^E-mail$/);
  await map(page, "email");
  await leave(page);
  await focused(page, 2);
}

async function map(page, item) {
  await page.locator(".mapping-panel").first().waitFor();
  await press(page, "Alt+ArrowDown");
  await page.keyboard.type(item);
  await page.locator("#mapping button.pill", { hasText: item }).first().waitFor();
  await press(page, "ArrowDown", "Enter");
}

/** Esc goes one step at a time: the mapping panel first, then the panel. */
async function leave(page) {
  for (let step = 0; step < 3 && (await page.locator("#side").isVisible()); step += 1) await press(page, "Escape");
  assert.equal(await page.locator("#side").isVisible(), false, "Esc closes the panel");
}

/** Arrows follow the flow. */
async function walk(page) {
  await press(page, "ArrowLeft");
  await focused(page, 1);
  await press(page, "ArrowRight");
  await focused(page, 2);
  await press(page, "Home");
  await focused(page, 1);
  await press(page, "End");
  await focused(page, 2);
}

/** After a router made from the menu of the first module. */
async function mail(page) {
  await press(page, "n");
  await pick(page, "send an email", "Send an Email");
  await page.getByRole("button", { name: /^Use built-in outbox/i }).waitFor();
  await tabTo(page, "button", /^Use built-in outbox/i);
  await press(page, "Enter");
  await tabTo(page, "button", /^Add an item: To/);
  await press(page, "Enter");
  await map(page, "email");
  await tabTo(page, "textbox", /^Subject$/);
  await page.keyboard.type("Thank you");
  await leave(page);
  await focused(page, 3);
}

/** L is the filter of the line that comes in. */
async function filter(page) {
  await press(page, "l");
  await page.getByRole("heading", { name: "Filter" }).waitFor();
  await tabTo(page, "textbox", /^Label/);
  await page.keyboard.type("Has a name");
  await tabTo(page, "textbox", /^Condition 1: Value/);
  await map(page, "first_name");
  await tabTo(page, "combobox", /^Operator/);
  await press(page, "Home");
  await page.locator("#side").getByText(/passes/).first().waitFor();
  await press(page, "Escape");
  await focused(page, 3);
}

async function run(page, address) {
  await press(page, "Control+Shift+Enter");
  await page.locator("#run-card").getByText("Waiting for data…").waitFor();
  assert.equal((await post(address, await order())).status, 200);
  await page.locator("#run-card").getByText(/^It ran well/).waitFor();
  await focused(page, 3);
  await press(page, "i");
  await page.locator("#side").getByText("Output").first().waitFor();
  await press(page, "Escape");
  await focused(page, 3);
}

/** Each other key does what the list of keys says. */
async function everyKey(page, look) {
  const before = (await draft(page)).root;
  await press(page, "?");
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
  await look("help");
  await press(page, "Escape");
  await focused(page, 3);

  await press(page, "F2");
  await page.getByRole("dialog").waitFor();
  await press(page, "Control+a");
  await page.keyboard.type("Say thanks");
  await press(page, "Enter");
  await node(page, 3).getByText("Say thanks").waitFor();
  await focused(page, 3);

  const at = await node(page, 3).getAttribute("transform");
  await press(page, "Alt+ArrowDown", "Alt+ArrowDown");
  assert.notEqual(await node(page, 3).getAttribute("transform"), at);
  await press(page, "Control+z");
  assert.equal(await node(page, 3).getAttribute("transform"), at, "presses close together are one step");
  await press(page, "Control+y", "Control+z", "Control+z");

  await press(page, "Control+d");
  await node(page, 4).waitFor();
  await press(page, "Delete");
  await node(page, 4).waitFor({ state: "detached" });
  await press(page, "Control+z", "Control+z");
  assert.deepEqual((await draft(page)).root, before, "all of it is undone");

  await press(page, "Control+k");
  await page.getByRole("dialog").or(page.locator(".picker, .find")).first().waitFor();
  await page.keyboard.type("webhook");
  await look("find");
  await press(page, "Enter");
  await focused(page, 1);

  await press(page, "Shift+F10");
  await page.getByRole("menu").waitFor();
  await look("menu");
  await press(page, "ArrowDown", "ArrowUp", "Escape");
  await focused(page, 1);

  await press(page, "o");
  await page.getByRole("heading", { name: "Modules as a list" }).waitFor();
  await look("outline");
  await press(page, "Escape");
  await focused(page, 1);
  await press(page, "f", "0", "+", "-");
  await press(page, "d");
  assert.match(await node(page, 1).getAttribute("aria-label"), /switched off/);
  await press(page, "Control+z");
}

/** Tab goes round the whole page and comes back. */
async function noTrap(page) {
  const seen = new Set();
  for (let step = 0; step < 60; step += 1) {
    await press(page, "Tab");
    const { tag, role, name } = await focus(page);
    seen.add(tag === "BODY" ? "the end" : `${role} ${name}`);
    if (tag === "BODY" || /Skip to the diagram/.test(name)) break;
  }
  const all = [...seen].join("\n");
  assert.match(all, /the end|Skip to the diagram/, `the focus never left: ${all}`);
}

/** Published and switched on by keys; the next order is a row. */
async function live(page, address) {
  await kept(page);
  await tabTo(page, "button", /^Publish$/);
  await press(page, "Enter");
  await page.getByRole("dialog", { name: "Publish the draft" }).waitFor();
  await page.keyboard.type("By keyboard");
  await tabTo(page, "button", /^Publish$/);
  await press(page, "Enter");
  await page.locator("#draft-sign").waitFor({ state: "hidden" });
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await tabTo(page, "switch", /Scenario is on/, "Shift+Tab");
  await press(page, "Space");
  await page.locator('#switch[aria-checked="true"]').waitFor();
  assert.equal((await post(address, await order("created_checkoutorder_with_coupon.json"))).status, 200);
  await page.goto("/spreadsheets");
  await tabTo(page, "link", /Customers/);
  await press(page, "Enter");
  await page.locator("table.grid").waitFor();
}
