// Who may in, and where one lands.
import assert from "node:assert/strict";
import { links, owner, person, place, setUp, story } from "./support.mjs";

await story(async (browser) => {
  const { page, complaints } = await person(browser);
  await setUp(page);
  assert.equal((await page.goto(links[0])).status(), 404, "the set-up link works once");
  await page.goto("/scenarios");
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL("**/login");

  await page.goto("/webhooks?q=shop");
  assert.equal(place(page), `/login?next=${encodeURIComponent("/webhooks?q=shop")}`);
  await enter(page, "not the password");
  await page.getByRole("alert").filter({ hasText: "The e-mail address or the password is not right." }).waitFor();
  assert.equal(await page.getByLabel("E-mail address").inputValue(), owner.email);
  await enter(page, owner.password);
  await page.waitForURL("**/webhooks?q=shop");

  for (const foreign of ["https://example.com/", "//example.com/", "/\\example.com"]) {
    await page.goto("/scenarios");
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.waitForURL("**/login");
    await page.goto(`/login?next=${encodeURIComponent(foreign)}`);
    await enter(page, owner.password);
    await page.getByRole("heading", { name: "Scenarios" }).waitFor();
    assert.equal(new URL(page.url()).host, new URL(links[0]).host, foreign);
  }
  // The browser itself notes the answers 404 and 401 that are wanted above.
  assert.deepEqual(complaints.filter((text) => !/status of (401|404)/.test(text)), []);
});

async function enter(page, password) {
  await page.getByLabel("E-mail address").fill(owner.email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}
