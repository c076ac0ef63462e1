// The story on a phone, by touch: sheets at the bottom, the list of modules as
// the other way in, nothing wider than the window, nothing too small to hit.
import assert from "node:assert/strict";
import { field, kept, mapping, node, ready, side, stored } from "./editing.mjs";
import { state } from "./look.mjs";
import { eventually, order, person, post, setUp, story } from "./support.mjs";

await story(async (browser) => {
  const { page, complaints } = await person(browser, { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  const problems = [];
  const look = async (name) => {
    await state(page, `phone-${name}`, problems);
    problems.push(...(await small(page)).map((problem) => `phone-${name}: ${problem}`));
  };
  await setUp(page);
  await page.goto("/scenarios/new");
  await page.getByLabel("Name", { exact: true }).fill("Orders on the way");
  await page.getByRole("button", { name: "Create" }).tap();
  await ready(page);
  await look("empty");
  await page.getByRole("button", { name: /^Add the first module/ }).tap();
  await pick(page, "webhook", /Custom webhook/, look);
  const address = await webhook(page, look);
  await row(page, look);
  await outline(page, look);
  await run(page, look, address);
  await live(page, look);
  assert.equal((await post(address, await order("created_checkoutorder_with_coupon.json"))).status, 200);
  await page.goto("/spreadsheets");
  await page.locator(".cards li a.grow", { hasText: "Customers" }).tap();
  await eventually(page, page.locator("table.grid td").filter({ hasText: "NATHALIE" }));
  assert.deepEqual(complaints, []);
  assert.ok(problems.length === 0, problems.join("\n"));
});

/** What can be tapped and is smaller than 24 px. */
function small(page) {
  return page.evaluate(() =>
    [...document.querySelectorAll("button, a.button, input:not([type=checkbox]):not([type=radio]), select, [role=tab]")].flatMap((element) => {
      const { width, height } = element.getBoundingClientRect();
      if (width === 0 || element.closest(".hidden") || getComputedStyle(element).clipPath !== "none") return [];
      return width < 23.5 || height < 23.5 ? [`${element.tagName} “${element.getAttribute("aria-label") ?? element.textContent.trim().slice(0, 30)}” is ${Math.round(width)}×${Math.round(height)}`] : [];
    }),
  );
}

async function pick(page, search, name, look) {
  await page.getByRole("option").first().waitFor();
  await look?.("picker");
  await page.getByRole("combobox", { name: "Search apps and modules" }).tap();
  await page.getByRole("combobox", { name: "Search apps and modules" }).fill(search);
  await page.getByRole("option", { name }).first().tap();
}

async function webhook(page, look) {
  await side(page).getByRole("button", { name: "Create a webhook" }).tap();
  const dialog = page.getByRole("dialog", { name: "Create a webhook" });
  await dialog.getByLabel("Name of the webhook").fill("Orders");
  await look("new-webhook");
  await dialog.getByRole("button", { name: "Create" }).tap();
  await side(page).getByText("Waiting for data").waitFor();
  await look("waiting");
  const address = await side(page).getByLabel("Address").inputValue();
  assert.equal((await post(address, await order())).status, 200);
  await side(page).getByText("first_name").first().waitFor();
  await side(page).getByRole("button", { name: "Done" }).tap();
  return address;
}

async function row(page, look) {
  await node(page, 1).locator(".plus").tap();
  await pick(page, "sheet", /Add a Row/);
  await side(page).getByRole("button", { name: "Use built-in spreadsheets" }).tap();
  await side(page).getByRole("combobox", { name: /^Spreadsheet/ }).tap();
  await page.getByRole("option", { name: /New built-in spreadsheet/ }).tap();
  const dialog = page.getByRole("dialog", { name: "New built-in spreadsheet" });
  await dialog.getByLabel("Name of the spreadsheet").fill("Customers");
  await dialog.getByLabel("Titles of its columns").fill("Name\nE-mail");
  await dialog.getByRole("button", { name: "Create" }).tap();
  await field(page, "Name").tap();
  await mapping(page).getByRole("button", { name: "first_name", exact: true }).first().tap();
  assert.equal(await stored(page, "Name"), "{{1.first_name}}");
  await look("mapping");
  await mapping(page).getByRole("button", { name: "Close" }).tap();
  await side(page).getByRole("button", { name: "Done" }).tap();
}

async function outline(page, look) {
  await page.getByRole("button", { name: "Modules as a list" }).tap();
  await side(page).locator(".outline-list").waitFor();
  await look("outline");
  await side(page).locator(".outline-main").nth(1).tap();
  await field(page, "Name").waitFor();
  await look("module");
  await side(page).getByRole("button", { name: "Done" }).tap();
}

async function run(page, look, address) {
  await page.locator('#dock [data-act="run"]').tap();
  await page.locator("#run-card").getByText("Waiting for data…").waitFor();
  await look("run-waiting");
  assert.equal((await post(address, await order())).status, 200);
  await page.locator("#run-card").getByText(/^It ran well/).waitFor();
  await look("ran");
  await node(page, 2).locator(".bubble").tap();
  await side(page).getByText("Output").first().waitFor();
  await look("inspector");
  await side(page).getByRole("button", { name: "Close" }).tap();
}

async function live(page, look) {
  await kept(page);
  await page.getByRole("button", { name: "Publish" }).tap();
  const dialog = page.getByRole("dialog", { name: "Publish the draft" });
  await dialog.locator(".changes li").first().waitFor();
  await look("publish");
  await dialog.getByRole("button", { name: "Publish" }).tap();
  await page.locator("#draft-sign").waitFor({ state: "hidden" });
  await page.getByRole("button", { name: "More", exact: true }).tap();
  await page.getByRole("menu").waitFor();
  await look("more");
  await page.getByRole("menuitem", { name: "Switch on" }).tap();
  // On a phone there is no room for this line, so it is not shown.
  await page.locator("#is-on.is-on").waitFor({ state: "attached" });
}
