// A webhook's page: it listens, learns, shows requests as they come, and keeps
// what was set.
import assert from "node:assert/strict";
import { person, post, setUp, story } from "./support.mjs";

await story(async (browser) => {
  const { page, complaints } = await person(browser);
  await setUp(page);
  await page.goto("/webhooks");
  await page.getByLabel("New webhook").fill("Orders of the shop");
  await page.getByRole("button", { name: "Create" }).click();
  await page.getByRole("heading", { name: "Orders of the shop" }).waitFor();
  const address = await page.locator("#url").innerText();

  await learnsWithoutReload(page, address);
  await requestLog(page);
  await redetermine(page, address);
  await settings(page, address);
  await keys(page, address);
  assert.deepEqual(complaints, []);
});

/** A mark on the window is gone after a reload; so it proves there was none. */
async function learnsWithoutReload(page, address) {
  await page.getByText("Waiting for data.").waitFor();
  await page.getByText("Not known yet.").waitFor();
  await page.evaluate(() => (window.mark = true));
  const answer = await post(address, { order_id: 7, buyer: { name: "Ève" } });
  assert.equal(await answer.text(), "Accepted");
  await page.locator("main .rows .run").waitFor();
  await page.getByText("Waiting for data.").waitFor({ state: "detached" });
  await page.locator("#settings .structure").getByText("order_id").waitFor();
  await page.locator("#settings .structure").getByText("buyer").waitFor();
  assert.equal(await page.evaluate(() => window.mark), true);
}

async function requestLog(page) {
  await page.locator("main .rows .run").first().click();
  await page.waitForURL("**/requests/*");
  assert.match(await page.locator("dl.facts").innerText(), /POST[\s\S]*127\.0\.0\.1/);
  assert.match(await page.locator(".bundle").innerText(), /Ève/);
  assert.match(await page.locator("table").innerText(), /application\/json/);
  await page.getByRole("link", { name: "Orders of the shop" }).click();
}

async function redetermine(page, address) {
  await page.getByRole("button", { name: "Redetermine data structure" }).click();
  await page.getByText("Waiting for data.").waitFor();
  await post(address, { another: true });
  await page.locator("#settings .structure").getByText("another").waitFor();
  assert.equal(await page.locator("#settings .structure").getByText("order_id").count(), 0);
}

async function settings(page, address) {
  await page.getByLabel("Get request headers").check();
  await page.getByText("Advanced").click();
  await page.getByLabel("Its body").fill("Thank you");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByRole("status").filter({ hasText: /saved/i }).waitFor();
  assert.ok(await page.getByLabel("Get request headers").isChecked());
  assert.equal(await page.getByLabel("Its body").inputValue(), "Thank you");
  // Nobody listens but the page that learns the structure.
  await page.getByRole("button", { name: "Redetermine data structure" }).click();
  const answer = await post(address, { order_id: 8 });
  assert.equal(await answer.text(), "Thank you");
}

async function keys(page, address) {
  const card = page.locator("section.card").filter({ has: page.getByRole("heading", { name: "API keys" }) });
  await card.getByLabel("Name").fill("Shop");
  await card.getByRole("button", { name: "Add key" }).click();
  const key = await page.locator("#new-key").innerText();
  assert.ok(key.length >= 20);
  assert.equal((await post(address, {})).status, 401);
  const headers = { "content-type": "application/json", "x-make-apikey": key };
  assert.equal((await fetch(address, { method: "POST", headers, body: "{}" })).status, 410, "no scenario listens");
  await page.goto("/webhooks");
  await page.getByRole("link", { name: "Orders of the shop" }).click();
  await card.getByText("Shop").waitFor();
  assert.equal(await page.locator("#new-key").count(), 0, "a key is shown once");
}
