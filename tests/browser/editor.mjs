// The whole story of a shop, by mouse: from the set-up link over an empty
// canvas to the row in the sheet, with nobody's help.
import assert from "node:assert/strict";
import { field, gives, kept, mapping, node, ready, side, stored, told } from "./editing.mjs";
import { state } from "./look.mjs";
import { eventually, order, person, post, setUp, story } from "./support.mjs";

await story(async (browser) => {
  const { page, complaints } = await person(browser, { viewport: { width: 1440, height: 900 }, permissions: ["clipboard-read", "clipboard-write"] });
  const problems = [];
  const look = (name) => state(page, `editor-${name}`, problems);
  await setUp(page);
  await page.getByRole("link", { name: "Create a scenario" }).click();
  await page.waitForURL("**/scenarios/new");
  await page.getByLabel("Name", { exact: true }).fill("Orders");
  await page.getByRole("button", { name: "Create" }).click();
  await ready(page);
  await look("empty");

  await addFirst(page, look);
  const address = await makeWebhook(page, look);
  await addRouter(page, look);
  await addRow(page, look);
  await mapColumns(page, look);
  await addMail(page, look);
  await filterTheMail(page, look);
  await runOnce(page, look, address);
  await inspect(page, look);
  await publishAndSwitchOn(page, look);

  // The other order is in another state: its mail is held back by the filter.
  for (const name of ["created_checkoutorder_with_coupon.json", "created_checkoutorder.json"]) {
    assert.equal((await post(address, await order(name))).status, 200);
  }
  await arrived(page);
  assert.deepEqual(complaints, []);
  assert.ok(problems.length === 0, problems.join("\n"));
});

async function pick(page, search, name) {
  await page.getByRole("combobox", { name: "Search apps and modules" }).fill(search);
  await page.getByRole("option", { name }).first().click();
}

async function addFirst(page, look) {
  await page.getByRole("button", { name: "Add the first module" }).click();
  await page.getByRole("combobox", { name: "Search apps and modules" }).waitFor();
  await page.getByRole("option").first().waitFor();
  await look("picker");
  await page.getByRole("combobox", { name: "Search apps and modules" }).fill("webhook");
  await page.getByRole("option", { name: /Custom webhook/ }).first().waitFor();
  await look("picker-search");
  await page.getByRole("option", { name: /Custom webhook/ }).first().click();
}

/** Named, waiting for data, determined by a real order. */
async function makeWebhook(page, look) {
  await side(page).getByRole("button", { name: "Create a webhook" }).click();
  const dialog = page.getByRole("dialog", { name: "Create a webhook" });
  await dialog.getByLabel("Name of the webhook").fill("Shop orders");
  await look("new-webhook");
  await dialog.getByRole("button", { name: "Create" }).click();
  await side(page).getByText("Waiting for data").waitFor();
  await look("waiting-for-data");
  await side(page).getByRole("button", { name: "Copy address" }).click();
  await told(page, "The address is copied.");
  const url = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(url, /\/hook\/[a-z0-9]{26,}$/);
  assert.equal((await post(url, await order())).status, 200);
  await side(page).getByText("first_name").first().waitFor();
  await look("determined");
  await side(page).getByRole("button", { name: "Done" }).click();
  return url;
}

/** By the plus at its side. */
async function addAfter(page, number, search, name) {
  await node(page, number).hover();
  await node(page, number).locator(".plus").click();
  await pick(page, search, name);
}

async function addRouter(page, look) {
  await addAfter(page, 1, "if", /Router/);
  await node(page, 2).waitFor();
  await look("router");
}

async function choose(page, label, option) {
  await side(page).getByRole("combobox", { name: label }).click();
  await page.getByRole("option", { name: option }).click();
}

/** A spreadsheet of the program's own, made on the way, with its headers. */
async function addRow(page, look) {
  await addAfter(page, 2, "gsheet", /Add a Row/);
  await side(page).getByRole("button", { name: "Use built-in spreadsheets" }).waitFor();
  await look("add-a-row");
  await side(page).getByRole("button", { name: "Use built-in spreadsheets" }).click();
  await choose(page, /^Spreadsheet/, /New built-in spreadsheet/);
  const dialog = page.getByRole("dialog", { name: "New built-in spreadsheet" });
  await dialog.getByLabel("Name of the spreadsheet").fill("Customers");
  await dialog.getByLabel("Titles of its columns").fill("Name\nE-mail\nTotal");
  await look("new-spreadsheet");
  await dialog.getByRole("button", { name: "Create" }).click();
  await field(page, "E-mail").waitFor();
}

/** A click on an item makes a pill; the value it gives stands below. */
async function mapColumns(page, look) {
  await field(page, "Name").click();
  await field(page, "Name").scrollIntoViewIfNeeded();
  await mapping(page).getByRole("button", { name: "first_name", exact: true }).first().click();
  await gives(page, "Name").getByText("ANNE").waitFor();
  await page.keyboard.type(" {{capi");
  await page.locator(".cm-tooltip-autocomplete li", { hasText: "capitalize" }).first().waitFor();
  await look("completion");
  await page.locator(".cm-tooltip-autocomplete li", { hasText: "capitalize" }).first().click();
  await mapping(page).getByRole("tab", { name: "Text" }).click();
  await look("functions");
  await mapping(page).getByRole("button", { name: "lower", exact: true }).click();
  await mapping(page).getByRole("tab", { name: "Items" }).click();
  await mapping(page).getByRole("button", { name: "last_name", exact: true }).first().click();
  assert.match(await stored(page, "Name"), /^\{\{1\.[a-z_.]*first_name\}\} \{\{capitalize\(lower\(1\.[a-z_.]*last_name\)\)\}\}$/);
  await gives(page, "Name").getByText("ANNE Dupond").waitFor();
  await look("mapping");
  await field(page, "E-mail").click();
  await mapping(page).getByRole("button", { name: "email", exact: true }).first().click();
  await gives(page, "E-mail").getByText("annedupond@gmail.com").waitFor();
  await page.keyboard.press("Escape");
  await side(page).getByRole("button", { name: "Done" }).click();
}

/** On the second route of the router, where an empty place waits. */
async function addMail(page, look) {
  await page.getByRole("button", { name: /^Empty place/ }).click();
  await pick(page, "mail", /Send an Email/);
  await side(page).getByRole("button", { name: /^Use built-in outbox/i }).click();
  await look("mail");
  await side(page).getByRole("button", { name: /^Add an item: To/ }).click();
  await field(page, "Item 1").click();
  await mapping(page).getByRole("button", { name: "email", exact: true }).first().click();
  await field(page, "Subject").click();
  await page.keyboard.type("Your order ");
  await mapping(page).getByRole("button", { name: "order_id", exact: true }).first().click();
  await field(page, "Content").click();
  await page.keyboard.type("Thank you!");
  await look("mail-filled");
  await page.keyboard.press("Escape");
  await side(page).getByRole("button", { name: "Done" }).click();
}

/** Only orders above 40 are told by mail. The funnel on the line is there as
 *  soon as the pointer is on it. */
async function filterTheMail(page, look) {
  const middle = await page.locator('#links .wire[data-key="4"] .link').evaluate((path) => {
    const { x, y } = path.getPointAtLength(path.getTotalLength() / 2);
    const { a, d, e, f } = path.getScreenCTM();
    return { x: a * x + e, y: d * y + f };
  });
  await page.mouse.move(middle.x, middle.y);
  await page.locator('#filters .filter.is-empty[data-key="4"]').click();
  await side(page).getByLabel("Label").fill("Large orders");
  const [value, against] = [field(page, "Condition 1: Value"), field(page, "Condition 1: Compare with")];
  await value.click();
  await mapping(page).getByRole("button", { name: "order_id", exact: true }).first().click();
  await side(page).getByLabel("Operator").selectOption("text:equal");
  await against.click();
  await page.keyboard.type("230130");
  await side(page).getByText("The bundle is held back.").waitFor();
  await look("filter-suggestion");
  await side(page).getByRole("button", { name: "This is a number: compare as numbers?" }).click();
  await side(page).getByLabel("Operator").selectOption("number:greater");
  await put(page, value, "total_paid");
  await against.click();
  await page.keyboard.press("Control+a");
  await page.keyboard.type("40");
  await side(page).getByText("The bundle passes.").waitFor();
  await page.keyboard.press("Escape");
  await look("filter");
}

/** Puts an item in the place of whatever a field has. */
async function put(page, box, item) {
  await box.click();
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Delete");
  await mapping(page).getByRole("button", { name: item, exact: true }).first().click();
}

/** It waits, it runs, and every module says how often. */
async function runOnce(page, look, address) {
  await page.getByRole("button", { name: "Run once" }).first().click();
  await page.locator("#run-card").getByText("Waiting for data…").waitFor();
  await look("run-waiting");
  assert.equal((await post(address, await order())).status, 200);
  await page.locator("#run-card").getByText(/^It ran well/).waitFor();
  await look("ran");
}

async function inspect(page, look) {
  for (const number of [1, 3, 4]) assert.equal(await node(page, number).locator(".bubble").count(), 1);
  await node(page, 3).locator(".bubble").click();
  await side(page).getByText("Output").first().waitFor();
  // What went in is folded; what came out is open.
  await side(page).locator("summary", { hasText: "Bundle 1" }).first().click();
  await side(page).getByText("ANNE Dupond").first().waitFor();
  await look("inspector");
  await page.locator("#run-card").getByRole("button", { name: "Log" }).click();
  await look("log");
  await page.locator('#filters .filter[data-key="4"]').click();
  await side(page).locator(".truth .verdict").first().waitFor();
  await look("truth-table");
  await side(page).getByRole("button", { name: "Done" }).click();
}

async function publishAndSwitchOn(page, look) {
  await kept(page);
  await page.getByRole("button", { name: "Publish" }).click();
  const dialog = page.getByRole("dialog", { name: "Publish the draft" });
  await dialog.getByLabel("Note").fill("First version");
  await dialog.locator(".changes li").first().waitFor();
  await look("publish");
  await dialog.getByRole("button", { name: "Publish" }).click();
  await told(page, /^Published as version/);
  await page.locator("#draft-sign").waitFor({ state: "hidden" });
  await page.getByRole("switch", { name: "Scenario is on" }).click();
  await page.locator('#switch[aria-checked="true"]').waitFor();
  await look("on");
}

/** Both orders are rows after the one that was tried; only the large ones are mails. */
async function arrived(page) {
  await page.goto("/spreadsheets");
  await page.locator(".cards li a.grow", { hasText: "Customers" }).click();
  await page.locator("table.grid").waitFor();
  await eventually(page, page.locator("table.grid td").filter({ hasText: "Nathalie" }));
  assert.equal(await page.locator("table.grid td").filter({ hasText: "ANNE Dupond" }).count(), 2);
  await page.goto("/outbox");
  const mails = await page.locator(".mails li").allInnerTexts();
  assert.equal(mails.length, 2, mails.join());
  for (const mail of mails) assert.match(mail, /Your order 230129/);
}
