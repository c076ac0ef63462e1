// What the editor fetches at first and what only when it is used: its size, a
// first click whose part is slow, and one whose part cannot be had.
import assert from "node:assert/strict";
import { ready, side } from "./editing.mjs";
import { links, person, story } from "./support.mjs";

await story(async (browser) => {
  const { page, complaints } = await person(browser, { viewport: { width: 1440, height: 900 } });
  await page.goto(links[0]);
  await page.goto("/scenarios/1/edit");
  await ready(page);
  // Nobody has touched the page: nothing more is fetched, however long it stands.
  await page.waitForTimeout(1_500);
  const scripts = await page.evaluate(() => {
    const sizes = new Map(performance.getEntriesByType("resource").filter(({ name }) => name.endsWith(".js")).map(({ name, encodedBodySize }) => [name, encodedBodySize]));
    return [...sizes.values()].reduce((sum, size) => sum + size, 0);
  });
  assert.ok(scripts > 10_000 && scripts < 100_000, `the first view of the editor fetched ${scripts} bytes of scripts`);

  // A slow part: the one click is enough.
  await page.route("**/assets/outline-*.js", async (route) => {
    await new Promise((done) => setTimeout(done, 1_500));
    await route.continue();
  });
  await page.evaluate(() => document.querySelector("[data-act=outline]").click());
  await side(page).getByRole("heading", { name: "Modules as a list" }).waitFor();

  // A part that is gone: the page says so, and another try is not refused.
  await page.route("**/assets/settings-*.js", (route) => route.fulfill({ status: 404, body: "" }));
  await page.reload();
  await ready(page);
  await page.evaluate(() => document.querySelector("[data-act=settings]").click());
  await page.getByRole("button", { name: "Reload the page" }).waitFor();
  await page.unroute("**/assets/settings-*.js");
  await page.getByRole("button", { name: "Reload the page" }).click();
  await ready(page);
  await page.locator("[data-act=settings]").click();
  await side(page).getByRole("heading", { name: "Scenario settings" }).waitFor();

  // The server is gone: nothing is reloaded, and the same click is tried again.
  const unreachable = (route) => route.abort("connectionrefused");
  await page.route("**/assets/publish-*.js", unreachable);
  await page.reload();
  await ready(page);
  await page.route("**/edit", unreachable);
  await page.evaluate(() => document.querySelector("[data-act=publish]").click());
  const again = page.getByRole("button", { name: "Try again" });
  await again.waitFor();
  await page.unroute("**/assets/publish-*.js");
  await page.unroute("**/edit");
  await again.click();
  await page.getByText("The draft is what is live").or(page.getByRole("dialog")).first().waitFor();
  const unexpected = complaints.filter((complaint) => !/Failed to load resource/.test(complaint));
  assert.deepEqual(unexpected, []);
});
