import { person, post, setUp, story } from "./support.mjs";
await story(async (browser) => {
  const { page, complaints } = await person(browser);
  page.on('request', r => console.log('>>', r.method(), r.url()));
  page.on('requestfailed', r => console.log('xx', r.url(), r.failure().errorText));
  await setUp(page);
  await page.goto("/webhooks");
  await page.getByLabel("New webhook").fill("Orders of the shop");
  await page.getByRole("button", { name: "Create" }).click();
  await page.getByRole("heading", { name: "Orders of the shop" }).waitFor();
  const address = await page.locator("#url").innerText();
  await new Promise(r=>setTimeout(r,1500));
  console.log((await post(address, {a:1})).status);
  await new Promise(r=>setTimeout(r,1500));
  console.log(await page.locator('main').innerText());
  console.log(complaints, await page.evaluate(() => document.activeElement.outerHTML.slice(0,200)));
});
