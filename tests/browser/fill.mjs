// Fills the demo with what pages can show: failures, a run that waits for an
// answer, a queue, modules that are not available, connections, users.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { kept, ready } from "./editing.mjs";
import { eventually, example, folder, importText, links, person, place, post, story, url } from "./support.mjs";

const root = new URL("../../", example);
const places = {};

await story(async (browser) => {
  const { context, page } = await person(browser);
  await page.goto(links[0]);
  places.scenario = place(page);
  await runs(page);
  await subscription(page);
  await failing(page);
  await stored(page);
  await waiting(page);
  places.unavailable = await importText(page, await read("tests/testdata/blueprints/error-handlers.json"));
  places.watching = await importText(page, watching());
  places.called = await importText(page, called());
  await webhook(page);
  await accounts(page);
  await spreadsheet(page);
  await datastore(page);
  await versions(page);
  await page.goto("/outbox");
  places.mail = await page.locator(".mails li a").first().getAttribute("href");

  await context.storageState({ path: `${folder}/state.json` });
  await writeFile(`${folder}/places.json`, JSON.stringify(places));
});

function read(path) {
  return readFile(new URL(path, root), "utf8");
}

async function runs(page) {
  await page.goto(`${places.scenario}/history`);
  const all = page.locator(".run");
  // The order with a coupon took all three routes.
  places.run = await all.filter({ hasText: "4 operations" }).getAttribute("href");
  await page.goto("/spreadsheets");
  places.sheet = await page.locator(".cards li a.grow").first().getAttribute("href");
}

/** Imports with the choices that are offered first, switches on, and answers
 *  with the scenario's path and its webhook's address. */
async function start(page, text) {
  const scenario = await importText(page, text);
  await page.getByRole("button", { name: "Save and switch on" }).click();
  await page.getByText("This scenario is on").waitFor();
  return { scenario, address: await page.locator("#hook-url").innerText() };
}

/** An iterator and an aggregator. Afterwards it runs on demand, so that its
 *  webhook has a queue. */
async function subscription(page) {
  const { scenario, address } = await start(page, await read("examples/updated-subscription/blueprint.json"));
  places.aggregator = scenario;
  const input = await read("examples/updated-subscription/input.json");
  assert.equal((await post(address, input)).status, 200);
  await page.goto(`${scenario}/history`);
  await eventually(page, page.locator(".run .success, .run.success, .status.success"));
  places.aggregatorRun = await page.locator(".run").first().getAttribute("href");
  await page.goto(`${scenario}/schedule`);
  await page.getByLabel("On demand").check();
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText(/saved/i).first().waitFor();
  for (const _ of [1, 2]) assert.equal((await post(address, input)).status, 200);
  await page.goto(scenario);
  places.queued = await page.locator(".hook a").getAttribute("href");
}

function request(name, address, { dlq = false } = {}) {
  const mapper = {
    url: address, method: "post", headers: [], qs: [], bodyType: "raw", contentType: "application/json",
    data: '{"order": {{1.order_id}}}', parseResponse: true, timeout: "", serializeUrl: false, shareCookies: false,
    ca: "", rejectUnauthorized: true, followRedirect: true, useQuerystring: false, gzip: true, useMtls: false,
    followAllRedirects: false, authUser: "", authPass: "",
  };
  return JSON.stringify({
    name,
    flow: [
      { id: 1, module: "gateway:CustomWebHook", version: 1, parameters: { hook: 1, maxResults: 1 }, mapper: {}, metadata: { designer: { x: 0, y: 0 } } },
      { id: 2, module: "http:ActionSendData", version: 3, parameters: { handleErrors: true }, mapper, metadata: { designer: { x: 300, y: 0 } } },
    ],
    metadata: { version: 1, scenario: { roundtrips: 1, maxErrors: 3, autoCommit: true, sequential: false, dlq } },
  });
}

/** A trigger that is asked for news every weekday. */
function watching() {
  const parameters = {
    from: "drive", mode: "select", limit: 2, sheetId: "Leads", __IMTCONN__: 1, spreadsheetId: "/leads",
    tableFirstRow: "A1:Z1", includesHeaders: true,
  };
  return JSON.stringify({
    name: "New leads",
    flow: [{ id: 1, module: "google-sheets:watchRows", version: 2, parameters, mapper: {}, metadata: { designer: { x: 0, y: 0 } } }],
    metadata: { version: 1, scenario: { roundtrips: 1, maxErrors: 3, autoCommit: true, sequential: false } },
    scheduling: { type: "weekly", days: [1, 2, 3, 4, 5], time: "09:00", restrict: [{ months: [1, 12] }] },
  });
}

/** A webhook that does not exist answers 404. */
async function failing(page) {
  const { scenario, address } = await start(page, request("Tell the warehouse", `${url}/hook/nobody`));
  places.failing = scenario;
  assert.equal((await post(address, { order_id: 7 })).status, 200);
  await page.goto(`${scenario}/history`);
  await eventually(page, page.locator(".status.error"));
  places.failedRun = await page.locator(".run").first().getAttribute("href");
}

/** The same, stored for a person to look at. */
async function stored(page) {
  const text = request("Tell the courier", `${url}/hook/nobody`, { dlq: true });
  const { address } = await start(page, text);
  assert.equal((await post(address, { order_id: 9 })).status, 200);
  await page.goto("/incomplete");
  // Not a card of the runs that failed, which stand above.
  const item = page.locator('.cards h3 a[href^="/incomplete/"]');
  await eventually(page, item);
  places.incomplete = await item.getAttribute("href");
  places.incompleteEdit = `${places.incomplete}/edit`;
  places.incompleteDelete = `${places.incomplete}/delete`;
}

/** Its request is on the way when the program is killed. */
async function waiting(page) {
  const silent = `http://${process.env.ROUAGE_TEST_SILENT}/orders`;
  const { scenario, address } = await start(page, request("Tell the accountant", silent));
  places.doubtful = scenario;
  assert.equal((await post(address, { order_id: 8 })).status, 200);
  await page.goto(`${scenario}/history`);
  await eventually(page, page.locator(".run", { hasText: "Running" }));
  places.doubtfulRun = await page.locator(".run").first().getAttribute("href");
}

async function webhook(page) {
  await page.goto(places.scenario);
  places.webhook = await page.locator(".hook a").getAttribute("href");
  await page.goto(places.webhook);
  places.request = await page.locator(".run").first().getAttribute("href");
  await page.goto("/webhooks");
  await page.getByLabel("New webhook").fill("Newsletter form");
  await page.getByRole("button", { name: "Create" }).click();
  await page.getByText("Waiting for data.").waitFor();
  places.newWebhook = new URL(page.url()).pathname;
}

async function accounts(page) {
  await page.goto("/connections/new/smtp");
  await page.getByLabel("Connection name").fill("Mail of the shop");
  await page.getByLabel("Host").fill("mail.example.org");
  await page.getByLabel("Password").fill("not a real one");
  await page.getByRole("button", { name: "Create connection" }).click();
  await page.getByRole("heading", { name: "Mail of the shop" }).waitFor();
  places.connection = new URL(page.url()).pathname;
  await page.goto("/settings/users");
  await page.getByLabel("Name").fill("Grace Hopper");
  await page.getByLabel("E-mail address").fill("grace@example.org");
  await page.getByLabel("First password").fill("a ship in port is safe");
  await page.getByRole("button", { name: "Add user" }).click();
  await page.getByText("grace@example.org").waitFor();
}

async function spreadsheet(page) {
  await page.goto("/spreadsheets");
  await page.getByLabel("New token").fill("Monthly report");
  await page.getByRole("button", { name: "Make token" }).click();
  await page.locator("#new-token").waitFor();
}

/** A scenario that another one calls, with an input and an output. */
function called() {
  return JSON.stringify({
    name: "Price of a product",
    flow: [
      { id: 1, module: "scenario-service:StartSubscenario", version: 2, parameters: {}, mapper: {}, metadata: { designer: { x: 0, y: 0 } } },
      { id: 2, module: "scenario-service:ReturnData", version: 2, parameters: {}, mapper: { price: "{{1.sku}}" }, metadata: { designer: { x: 300, y: 0 } } },
    ],
    interface: {
      input: [{ name: "sku", label: "Article", type: "text", required: true }, { name: "on", label: "Day", type: "date" }],
      output: [{ name: "price", type: "text" }],
    },
    scheduling: { type: "on-demand" },
    metadata: { scenario: { roundtrips: 1, maxErrors: 3, autoCommit: true } },
  });
}

/** A data structure out of a sample, and a data store with a record. */
async function datastore(page) {
  await page.goto("/structures/new");
  await page.getByLabel("Name").first().fill("Customer");
  await page.locator("summary", { hasText: "Generate" }).click();
  await page.getByLabel("Sample").fill('{"email":"a@example.org","orders":3,"address":{"city":"Paris"},"tags":["new"]}');
  await page.getByRole("button", { name: "Generate" }).click();
  await page.getByRole("button", { name: "Save data structure" }).click();
  await page.waitForURL("**/structures/*?notice=saved");
  places.structure = new URL(page.url()).pathname;
  await page.goto("/datastores");
  await page.getByLabel("New data store").fill("Customers");
  await page.getByLabel("Data structure").selectOption({ label: "Customer" });
  await page.getByRole("button", { name: "Create" }).click();
  await page.waitForURL("**/datastores/*?notice=created");
  places.datastore = new URL(page.url()).pathname;
  await page.goto(`${places.datastore}/record`);
  await page.getByLabel("Key").fill("ada@example.org");
  await page.getByLabel("orders").fill("3");
  await page.getByLabel("tags").fill("new\nfirst");
  await page.getByRole("button", { name: "Save record" }).click();
  await page.waitForURL(`**${places.datastore}?notice=saved`);
  places.record = `${places.datastore}/record?key=ada%40example.org`;
}

/** A second version with a note, and a folder. */
async function versions(page) {
  await page.goto(`${places.scenario}/edit`);
  await ready(page);
  await page.locator('#nodes [data-key="4"]').focus();
  await page.keyboard.press("Alt+ArrowDown");
  await page.keyboard.press("d");
  await kept(page);
  await page.getByRole("button", { name: "Publish" }).click();
  const dialog = page.getByRole("dialog", { name: "Publish the draft" });
  await dialog.getByLabel("Note").fill("No mails over Christmas");
  await dialog.getByRole("button", { name: "Publish" }).click();
  await page.locator("#draft-sign").waitFor({ state: "hidden" });
  await page.goto(`${places.scenario}/versions`);
  const all = await page.locator(`a[href^="${places.scenario}/versions/"]`).evaluateAll((links) => links.map((link) => link.getAttribute("href")));
  places.version = all.find((link) => /versions\/[0-9]+$/.test(link));
  places.compare = all.find((link) => link.includes("compare"));
  await page.goto("/scenarios");
  await page.locator("summary", { hasText: "New folder" }).click();
  await page.getByLabel("Name of the folder").fill("The shop");
  await page.getByRole("button", { name: "Create", exact: true }).click();
  const link = page.getByRole("navigation", { name: "Folders" }).getByRole("link", { name: /The shop/ });
  places.folder = `/folders/${new URL(await link.getAttribute("href"), url).searchParams.get("folder")}`;
}
