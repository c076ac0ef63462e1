// A scenario is switched off and on, copied and deleted; without scripts too.
import assert from "node:assert/strict";
import { links, person, story } from "./support.mjs";

await story(async (browser) => {
  const { context, page, complaints } = await person(browser);
  await page.goto(links[0]);
  const scenario = new URL(page.url()).pathname;
  await offAndOn(page, scenario);

  const plain = await person(browser, { javaScriptEnabled: false, storageState: await context.storageState() });
  await offAndOn(plain.page, scenario);
  await fromTheList(plain.page);
  await deletes(plain.page, scenario);
  // The browser itself notes the answer 404 that is wanted above.
  assert.deepEqual([...complaints, ...plain.complaints].filter((text) => !text.includes("status of 404")), []);
});

async function offAndOn(page, scenario) {
  await page.goto(scenario);
  const button = page.getByRole("switch");
  assert.equal(await button.getAttribute("aria-checked"), "true");
  await button.click();
  await page.getByText("This scenario is off").waitFor();
  assert.equal(await button.getAttribute("aria-checked"), "false");
  await button.click();
  await page.getByText("This scenario is on").waitFor();
  assert.equal(await button.getAttribute("aria-checked"), "true");
}

/** Stays on the list. */
async function fromTheList(page) {
  await page.goto("/scenarios");
  await page.getByRole("switch", { checked: true }).click();
  await page.getByRole("switch", { checked: false }).click();
  await page.getByRole("switch", { checked: true }).waitFor();
  assert.equal(new URL(page.url()).pathname, "/scenarios");
}

async function deletes(page, scenario) {
  await page.goto(`${scenario}/settings`);
  await page.getByRole("button", { name: "Duplicate" }).click();
  await page.getByText("This scenario is off").waitFor();
  const copy = new URL(page.url()).pathname;
  assert.notEqual(copy, scenario);

  await page.goto(`${scenario}/settings`);
  await page.getByRole("link", { name: "Delete scenario" }).click();
  assert.equal(new URL(page.url()).pathname, `${scenario}/delete`);
  await page.getByRole("link", { name: "No, keep it" }).click();
  await page.goto(scenario);
  await page.getByText("This scenario is on").waitFor();

  await page.goto(`${scenario}/delete`);
  await page.locator("main form button.danger").click();
  await page.waitForURL("**/scenarios?*");
  assert.equal(await page.locator(".cards li").count(), 1, "the copy is left");
  assert.equal((await page.goto(scenario)).status(), 404);
}
