// The whole story of a shop, by mouse: from the set-up link over an empty
// canvas to the row in the sheet, with nobody's help.
import assert from "node:assert/strict";
import { state } from "./look.mjs";
import { eventually, order, person, place, post, setUp, story } from "./support.mjs";

await story(async (browser) => {
  const { page, complaints } = await person(browser, { viewport: { width: 1440, height: 900 } });
  const problems = [];
  const look = (name) => state(page, `editor-${name}`, problems);
  await setUp(page);
  await page.getByRole("link", { name: "Create a scenario" }).click();
  await page.waitForURL("**/scenarios/new");
  await page.getByLabel("Name", { exact: true }).fill("Orders");
  await page.getByRole("button", { name: "Create" }).click();
  await page.waitForURL("**/edit");
  await look("empty");

  await addFirst(page, look);
  const address = await makeWebhook(page, look);
  await addRouter(page);
  await addRow(page, look);
  await mapColumns(page, look);
  await addMail(page, look);
  await filterTheMail(page, look);
  await runOnce(page, look, address);
  await publishAndSwitchOn(page, look);

  const accepted = await post(address, await order("created_checkoutorder_with_coupon.json"));
  assert.equal(accepted.status, 200);
  await rowArrived(page);
  assert.deepEqual(complaints, []);
  assert.ok(problems.length === 0, problems.join("\n"));
});

const panel = (page) => page.locator("#side");
const module = (page, name) => page.locator("#nodes [role=button]").filter({ has: page.locator(`text="${name}"`) });

async function addFirst(page, look) {
  await page.getByRole("button", { name: "Add the first module" }).click();
  await page.getByRole("combobox", { name: /search/i }).or(page.getByRole("searchbox")).first().fill("webhook");
  await look("picker");
  await page.getByRole("option", { name: /Custom webhook/ }).click();
  await panel(page).getByRole("button", { name: "Create a webhook" }).waitFor();
}

/** Named, waiting for data, determined by a real order. */
async function makeWebhook(page, look) {
  await panel(page).getByRole("button", { name: "Create a webhook" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox").first().fill("Shop orders");
  await dialog.getByRole("button", { name: /create|save/i }).click();
  const address = panel(page).getByLabel("Address");
  await address.waitFor();
  await look("waiting-for-data");
  const url = await address.inputValue();
  assert.match(url, /\/hook\/[a-z0-9]{26,}$/);
  assert.equal((await post(url, await order())).status, 200);
  await panel(page).getByText("first_name").waitFor();
  await look("determined");
  await panel(page).getByRole("button", { name: "Done" }).click();
  return url;
}

/** By the plus at its side. */
async function addAfter(page, key, search, name) {
  const node = page.locator(`#nodes [data-key="${key}"]`);
  await node.hover();
  await node.locator(".plus").click();
  await page.getByRole("combobox", { name: /search/i }).or(page.getByRole("searchbox")).first().fill(search);
  await page.getByRole("option", { name }).first().click();
}

async function addRouter(page) {
  await addAfter(page, 1, "router", /Router/);
  await page.locator('#nodes [data-key="2"]').waitFor();
  if (await panel(page).isVisible()) await page.keyboard.press("Escape");
}

async function choose(page, label, option) {
  await panel(page).getByRole("combobox", { name: label }).click();
  await page.getByRole("option", { name: option }).click();
}

/** A spreadsheet of the program's own, made on the way, with its headers. */
async function addRow(page, look) {
  await addAfter(page, 2, "gsheet", /Add a Row/);
  await panel(page).getByRole("button", { name: "Use built-in spreadsheets" }).click();
  await look("add-a-row");
  await choose(page, /^Spreadsheet/, "New built-in spreadsheet");
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox").first().fill("Customers");
  const headers = dialog.getByRole("textbox", { name: /columns|headers/i });
  if (await headers.count()) await headers.fill("Name, E-mail, Total");
  await look("new-spreadsheet");
  await dialog.getByRole("button", { name: /create|save/i }).click();
  await panel(page).getByRole("combobox", { name: /^Spreadsheet/ }).waitFor();
}

/** A click on an item makes a pill; the value it gives stands below. */
async function mapColumns(page, look) {
  const fields = panel(page).locator("mapping-field");
  await fields.first().waitFor();
  await fields.first().click();
  const items = page.locator("#mapping");
  await items.getByRole("button", { name: /first_name/ }).first().click();
  await panel(page).getByText("ANNE", { exact: false }).waitFor();
  await page.keyboard.type(" {{upp");
  await page.keyboard.press("Control+Space");
  await page.getByText("upper", { exact: true }).first().waitFor();
  await page.keyboard.press("Enter");
  await items.getByRole("button", { name: /last_name/ }).first().click();
  await panel(page).getByText("ANNE DUPOND").waitFor();
  await look("mapping");
  await fields.nth(1).click();
  await items.getByRole("button", { name: /^email/ }).first().click();
  await panel(page).getByText("annedupond@gmail.com").waitFor();
  await panel(page).getByRole("button", { name: "Done" }).click();
}

/** On a second route of the router. */
async function addMail(page, look) {
  await addAfter(page, 2, "mail", /Send an Email/);
  await panel(page).getByRole("button", { name: /built-in outbox/i }).click();
  await panel(page).getByRole("button", { name: /add/i }).first().click();
  await panel(page).locator("mapping-field").first().click();
  await page.locator("#mapping").getByRole("button", { name: /^email/ }).first().click();
  await look("mail");
  await panel(page).getByRole("button", { name: "Done" }).click();
}

async function filterTheMail(page, look) {
  await page.locator('#nodes [data-key="4"]').click({ button: "right" });
  await page.keyboard.press("Escape");
  await page.locator('#filters [data-key="4"], #links [data-key="4"]').first().click({ force: true });
  await panel(page).getByLabel("Label").fill("Completed");
  await panel(page).locator("mapping-field").first().click();
  await page.locator("#mapping").getByRole("button", { name: /^status/ }).first().click();
  await look("filter");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
}

async function runOnce(page, look, address) {
  await page.getByRole("button", { name: "Run once" }).click();
  await page.getByText("Waiting for data").waitFor();
  await look("run-waiting");
  assert.equal((await post(address, await order())).status, 200);
  await page.getByText(/It ran/).first().waitFor();
  await look("ran");
  await page.locator('#nodes [data-key="3"] .bubble').click();
  await panel(page).getByText("Input").first().waitFor();
  await look("inspector");
  await page.keyboard.press("Escape");
}

async function publishAndSwitchOn(page, look) {
  await page.getByRole("button", { name: "Publish" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox").first().fill("First version");
  await look("publish");
  await dialog.getByRole("button", { name: "Publish" }).click();
  await page.locator("#draft-sign").waitFor({ state: "hidden" });
  await page.locator("#switch").click();
  await page.locator('#switch[aria-checked="true"]').waitFor();
  await look("on");
}

async function rowArrived(page) {
  await page.goto("/spreadsheets");
  await page.locator(".cards li a").filter({ hasText: "Customers" }).click();
  await eventually(page, page.locator("table.grid td").filter({ hasText: "NATHALIE" }));
  assert.match(place(page), /^\/spreadsheets\//);
}
