// What the scripts about the editor share: where things are on its page.
import assert from "node:assert/strict";

/** The panel at the side; on a phone the sheet at the bottom. */
export function side(page) {
  return page.locator("#side");
}

export function mapping(page) {
  return page.locator("#mapping");
}

/** A module on the canvas; its number is the number in the blueprint. */
export function node(page, number) {
  return page.locator(`#nodes [data-key="${number}"]`);
}

/** Waits until the page can be worked with. */
export async function ready(page) {
  await page.waitForURL("**/edit*");
  await page.locator("html.is-ready").waitFor();
}

/** Makes a scenario with an empty canvas. */
export async function emptyScenario(page, name) {
  await page.goto("/scenarios/new");
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByRole("button", { name: "Create" }).click();
  await ready(page);
}

/** The bar says that everything is kept. */
export async function kept(page) {
  await page.locator('#saved[data-state="kept"]').waitFor();
}

/** What the server has kept. */
export async function draft(page) {
  await kept(page);
  const path = new URL(page.url()).pathname.replace(/\/edit$/, "/draft");
  return page.evaluate(async (path) => (await fetch(path)).json(), path);
}

/** The mapping field of a column or a setting. */
export function field(page, name) {
  return side(page).getByRole("textbox", { name, exact: true });
}

/** The stored text of a mapping field. */
export function stored(page, name) {
  return field(page, name).evaluate((element) => element.getRootNode().host.value);
}

/** The value that stands under a field. */
export function gives(page, name) {
  return side(page).locator(".mapping").filter({ has: page.getByRole("textbox", { name, exact: true }) }).locator(".mapping-gives");
}

/** The rows of the spreadsheet with this title. */
export async function cells(page, title) {
  await page.goto("/spreadsheets");
  await page.locator(".cards li a.grow", { hasText: title }).click();
  await page.locator("table.grid").waitFor();
}

/** Nothing but the sentence: the boxes of all discs are apart from each other. */
export async function apart(page) {
  const overlaps = await page.evaluate(() => {
    const boxes = [...document.querySelectorAll("#nodes .node")].map((node) => {
      const disc = (node.querySelector(".disc") ?? node).getBoundingClientRect();
      return { key: node.dataset.key, x: disc.x + disc.width / 2, y: disc.y + disc.height / 2, radius: disc.width / 2 };
    });
    return boxes.flatMap((one, index) =>
      boxes.slice(index + 1).filter((other) => Math.hypot(one.x - other.x, one.y - other.y) < one.radius + other.radius - 1).map((other) => `${one.key} on ${other.key}`),
    );
  });
  assert.deepEqual(overlaps, []);
}

/** The message that comes and goes. */
export function told(page, text) {
  return page.locator(".toasts").getByText(text).waitFor();
}
