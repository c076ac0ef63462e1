// The grid of a built-in spreadsheet: keyboard, rows, downloads, names, undo.
import assert from "node:assert/strict";
import { download, links, person, story } from "./support.mjs";

await story(async (browser) => {
  const { page, complaints } = await person(browser);
  await page.goto(links[2]);
  await page.locator("table.grid").waitFor();
  await keyboard(page);
  await addRow(page);
  await downloads(page);
  await rename(page);
  await deleteAndUndo(page);
  assert.deepEqual(complaints, []);
});

function cell(page, row, column) {
  return page.locator(`table.grid tr[data-row="${row}"] td`).nth(column);
}

/** Types, moves with Enter and Tab, takes back with Escape, empties with
 *  Delete; a reload shows what the server kept. */
async function keyboard(page) {
  await cell(page, 1, 0).click();
  await page.keyboard.type("Lovelace");
  await page.keyboard.press("Tab");
  await page.keyboard.type("Ada");
  await page.keyboard.press("Enter");
  await page.keyboard.type("thrown away");
  await page.keyboard.press("Escape");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Delete");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.type("2,5");
  const before = await cell(page, 2, 1).innerText();
  await page.keyboard.press("Enter");
  await page.locator("[data-grid-status]").filter({ hasText: /^Saved$/ }).waitFor();
  // "Saved" may still be the word of an earlier cell.
  await page.waitForFunction(() => !document.querySelector("td.is-saving, td.is-unsaved"));

  await page.reload();
  assert.equal(await cell(page, 1, 0).innerText(), "Lovelace");
  assert.equal(await cell(page, 1, 1).innerText(), "Ada");
  assert.equal(await cell(page, 2, 1).innerText(), before);
  assert.equal(await cell(page, 2, 2).innerText(), "");
  assert.equal(await cell(page, 3, 2).innerText(), "2,5");
}

async function addRow(page) {
  await page.getByText("Add a row").click();
  const fields = page.locator(".grid-row-form input");
  await fields.nth(0).fill("Hopper");
  await fields.nth(4).fill("42");
  await page.getByRole("button", { name: "Add row" }).click();
  const row = page.locator("table.grid tr", { hasText: "Hopper" });
  assert.equal(await row.locator("td").nth(4).innerText(), "42");
  assert.equal(await row.locator("td").nth(4).getAttribute("data-kind"), "number");
}

async function downloads(page) {
  const xlsx = await download(page, page.getByRole("link", { name: ".xlsx" }));
  assert.match(xlsx.name, /\.xlsx$/);
  assert.equal(xlsx.bytes.subarray(0, 2).toString(), "PK", "a zip archive");
  assert.ok(xlsx.bytes.length > 3000);
  const csv = await download(page, page.getByRole("link", { name: ".csv" }));
  assert.match(csv.name, /\.csv$/);
  assert.match(csv.bytes.toString(), /Hopper,.*,42,/);
  assert.match(csv.bytes.toString(), /Lovelace,Ada,/);
}

async function rename(page) {
  await page.getByLabel("Title").fill("Orders of 2026");
  await page.getByRole("button", { name: "Rename", exact: true }).click();
  await page.getByRole("heading", { level: 1, name: "Orders of 2026" }).waitFor();
}

async function deleteAndUndo(page) {
  await page.getByRole("button", { name: "Delete spreadsheet" }).click();
  await page.getByText("The spreadsheet was deleted.").waitFor();
  assert.equal(await page.getByRole("link", { name: "Orders of 2026" }).count(), 0);
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("Orders of 2026").first().waitFor();
  await page.goto("/spreadsheets");
  await page.getByRole("link", { name: "Orders of 2026" }).click();
  await page.locator("table.grid td", { hasText: "Hopper" }).waitFor();
}
