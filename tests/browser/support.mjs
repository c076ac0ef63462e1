// What all browser scripts share: one Chromium, pages that note every
// complaint of the browser, and the story that ends with an exit code.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { chromium } from "playwright-core";

export const url = process.env.ROUAGE_TEST_URL;
export const links = process.env.ROUAGE_TEST_LINKS.split(" ");
export const folder = process.env.ROUAGE_TEST_FOLDER;
export const example = new URL("../../examples/order-to-spreadsheet/", import.meta.url);
export const owner = { name: "Ada Lovelace", email: "ada@example.org", password: "a cog is a wheel with teeth" };

const ARGUMENTS = [
  "--headless=new",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Runs a story in a browser of its own; whatever it throws fails the test. */
export async function story(tell) {
  // Nothing may hang: waits end after twenty seconds, all of it after eight minutes.
  const watchdog = setTimeout(() => {
    console.error("the story took more than eight minutes");
    process.exit(1);
  }, 480_000);
  const browser = await chromium.launch({ executablePath: process.env.ROUAGE_TEST_CHROMIUM, args: ARGUMENTS });
  try {
    await tell(browser);
  } catch (error) {
    console.error(error.stack ?? error);
    await describe(browser);
    process.exitCode = 1;
  } finally {
    await browser.close();
    clearTimeout(watchdog);
  }
}

/** What was on the screen when it went wrong. */
async function describe(browser) {
  for (const page of browser.contexts().flatMap((context) => context.pages())) {
    const text = await page.locator("body").innerText().catch((error) => error.message);
    console.error(`\n${page.url()} showed:\n${text.slice(0, 1500)}`);
  }
}

/** A person with cookies of their own. `complaints` collects what the
 *  browser's console and the content security policy said. */
export async function person(browser, options = {}) {
  const context = await browser.newContext({ baseURL: url, reducedMotion: "reduce", locale: "en-GB", ...options });
  context.setDefaultTimeout(Number(process.env.ROUAGE_TEST_PATIENCE ?? 20_000));
  // What the policy forbids is not always an error of the console.
  await context.addInitScript(() => addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`)));
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(`${page.url()}: console: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`${page.url()}: script: ${error.message}`));
  return { context, page, complaints };
}

/** Makes the owner's account through the set-up link. */
export async function setUp(page) {
  await page.goto(links[0]);
  await page.getByLabel("Your name").fill(owner.name);
  await page.getByLabel("E-mail address").fill(owner.email);
  await page.getByLabel("Password").fill(owner.password);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.waitForURL("**/scenarios?*");
}

/** Imports a blueprint by paste and answers with the scenario's path. */
export async function importText(page, text) {
  await page.goto("/import");
  await page.getByLabel("Or paste the blueprint").fill(text);
  await page.getByRole("button", { name: "Import" }).click();
  await page.waitForURL("**/setup?*");
  return new URL(page.url()).pathname.replace("/setup", "");
}

/** Posts JSON as a shop would. */
export async function post(address, body) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return fetch(address, { method: "POST", headers: { "content-type": "application/json" }, body: text });
}

export async function order(name = "created_checkoutorder.json") {
  return readFile(new URL(`orders/${name}`, example), "utf8");
}

/** Where the page is, without the server. */
export function place(page) {
  const { pathname, search } = new URL(page.url());
  return pathname + search;
}

/** Reloads until the page shows it: for what the server does after a request
 *  was answered. */
export async function eventually(page, locator) {
  const end = Date.now() + 20_000;
  while (!(await locator.first().isVisible())) {
    assert.ok(Date.now() < end, `${page.url()} never showed ${locator}`);
    await new Promise((done) => setTimeout(done, 100));
    await page.reload();
  }
}

export async function download(page, locator) {
  const [file] = await Promise.all([page.waitForEvent("download"), locator.click()]);
  return { name: file.suggestedFilename(), bytes: await readFile(await file.path()) };
}
