// The story of a newcomer: from the set-up link to an order in the spreadsheet.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { download, eventually, example, order, owner, person, place, post, setUp, story } from "./support.mjs";

const blueprint = fileURLToPath(new URL("blueprint.json", example));

await story(async (browser) => {
  const { context, page, complaints } = await person(browser);
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);

  await setUp(page);
  await page.getByRole("heading", { name: "No scenario yet" }).waitFor();
  await page.getByRole("button", { name: `Sign out` }).waitFor();
  assert.match(await page.locator(".side-foot").innerText(), new RegExp(owner.name));

  await page.getByRole("link", { name: "Import a scenario" }).click();
  await page.locator("input[type=file]").setInputFiles(blueprint);
  await page.getByText("blueprint.json").waitFor();
  await page.getByRole("button", { name: "Import" }).click();
  await page.waitForURL("**/setup?*");
  await report(page);
  await switchOn(page);

  const address = await copyAddress(page);
  const accepted = await post(address, await order());
  assert.equal(accepted.status, 200);
  assert.equal(await accepted.text(), "Accepted");

  await history(page);
  await spreadsheet(page);
  await outbox(page);
  await exportAgain(page);
  assert.deepEqual(complaints, []);
});

/** One row per module, each with a word and, where it needs one, a reason. */
async function report(page) {
  const rows = page.locator(".report > li");
  assert.equal(await rows.count(), 5);
  for (const words of ["Custom webhook", "Router", "Add a Row", "Send an Email", "Make a request"]) {
    assert.equal(await rows.filter({ hasText: new RegExp(words, "i") }).count(), 1, words);
  }
  for (const row of await rows.all()) {
    const status = await row.locator(".status").innerText();
    assert.match(status, /^(same|the same|please check|not available)$/i);
    if (!/same/i.test(status)) assert.ok((await row.locator(".reasons li").count()) > 0, "a reason is given");
  }
  const chosen = await page.locator("select").evaluateAll((all) => all.map((one) => one.selectedOptions[0].text));
  assert.match(chosen.join("\n"), /new webhook[\s\S]*Built-in spreadsheets[\s\S]*built-in spreadsheet[\s\S]*Built-in outbox/);
}

async function switchOn(page) {
  await page.getByRole("button", { name: "Save and switch on" }).click();
  await page.getByText("This scenario is on").waitFor();
  assert.equal(await page.getByRole("switch").getAttribute("aria-checked"), "true");
}

async function copyAddress(page) {
  await page.getByRole("button", { name: "Copy address" }).click();
  await page.getByText("Copied").waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(copied, await page.locator("#hook-url").innerText());
  assert.match(copied, /\/hook\/[a-z0-9]{26,}$/);
  return copied;
}

async function history(page) {
  await page.getByRole("main").getByRole("link", { name: "History", exact: true }).click();
  // The third module has no coupon service to ask: a filter holds the order back there.
  const run = page.locator("li .run");
  await eventually(page, run.filter({ hasText: "Success" }));
  assert.equal(await run.count(), 1);
  await run.click();
  await page.waitForURL("**/executions/*");
  assert.match(await page.locator(".head .status").innerText(), /Success/);

  const sheets = page.locator("details.module").filter({ hasText: "Add a Row" });
  await sheets.locator("summary").first().click();
  const [input, output] = await Promise.all([bundle(sheets, "Input"), bundle(sheets, "Output")]);
  assert.match(input, /annedupond@gmail\.com/);
  assert.match(output, /row/i);
}

/** The text of the first bundle under a heading. */
async function bundle(module, title) {
  const all = module.locator(".bundles > *");
  const names = await all.evaluateAll((parts) => parts.map((part) => part.querySelector("h3")?.textContent ?? ""));
  const next = all.nth(names.indexOf(title) + 1);
  return next.evaluate((part) => part.textContent);
}

async function spreadsheet(page) {
  await page.getByRole("link", { name: "Spreadsheets" }).click();
  await page.locator(".cards li a").first().click();
  await page.locator("table.grid").waitFor();
  const cells = await page.locator("table.grid tbody tr").evaluateAll((rows) =>
    rows.map((row) => [...row.querySelectorAll("td")].map((cell) => cell.textContent)),
  );
  const row = cells.find((texts) => texts.includes("DUPOND"));
  assert.ok(row, "the order's row is there");
  assert.deepEqual(row.slice(0, 9), [
    "DUPOND",
    "ANNE",
    "annedupond@gmail.com",
    "0600000000",
    "230129",
    "completed",
    "2021-01-15 10:02:00",
    "Ma formule de box mensuelle",
    "50",
  ]);
  assert.equal(cells.flat().filter((text) => text === "DUPOND").length, 1);
}

async function outbox(page) {
  await page.getByRole("link", { name: "Outbox" }).click();
  const mails = page.locator(".mails li");
  assert.equal(await mails.count(), 1);
  await mails.getByRole("link").click();
  assert.match(await page.getByRole("heading", { level: 1 }).innerText(), /230129/);
  assert.match(await page.locator("dl.mail").innerText(), /annedupond@gmail\.com/);
  const body = page.frameLocator("iframe").locator("body");
  assert.match(await body.innerText(), /Dear Anne,/);
}

async function exportAgain(page) {
  await page.getByRole("link", { name: "Scenarios" }).click();
  await page.locator(".cards li a.grow").click();
  assert.match(place(page), /^\/scenarios\/[0-9]+$/);
  const file = await download(page, page.getByRole("link", { name: "Export blueprint" }).first());
  assert.match(file.name, /\.json$/);
  assert.deepEqual(JSON.parse(file.bytes), JSON.parse(await readFile(blueprint, "utf8")));
}
