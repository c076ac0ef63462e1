// The server is killed while the editor is open: what was typed comes back at
// the next open, and a run that was going on is told as it ended.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { draft, field, kept, node, ready } from "./editing.mjs";
import { example, folder, importText, person, story } from "./support.mjs";

const port = await new Promise((done) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const { port } = server.address();
    server.close(() => done(port));
  });
});
const base = `http://127.0.0.1:${port}`;
let process_;

/** A server of this story's own, at an address that outlives it. */
async function start(command) {
  process_ = spawn(process.env.ROUAGE_TEST_BINARY, [command, "--listen", `127.0.0.1:${port}`, "--allow-net", "127.0.0.1", "--data", join(folder, "own")], { stdio: ["ignore", "pipe", "ignore"] });
  let printed = "";
  for await (const chunk of process_.stdout) {
    printed += chunk;
    if (command === "demo" ? printed.includes("Ctrl-C ends it.") : printed.includes("http://")) break;
  }
  return printed.match(/http:\/\/\S+\/auto\/\S+/)?.[0];
}

async function kill() {
  const gone = new Promise((done) => process_.once("exit", done));
  process_.kill("SIGKILL");
  await gone;
}

await story(async (browser) => {
  try {
    const link = await start("demo");
    const { context, page } = await person(browser, { baseURL: base, viewport: { width: 1440, height: 900 } });
    await page.goto(link);
    const scenario = await importText(page, await readFile(new URL("blueprint.json", example), "utf8"));
    await page.goto(`${scenario}/edit`);
    await ready(page);
    const after = await unsent(context, page, scenario, "Take it", " typed in vain");
    assert.match((await draft(after)).root.flow.map((module) => JSON.stringify(module)).join(), /typed in vain/);
    const last = await unsent(context, after, scenario, "Throw it away", " and more");
    assert.doesNotMatch(JSON.stringify((await draft(last)).root), /and more/);
    await last.reload();
    await ready(last);
    assert.equal(await last.getByRole("dialog").count(), 0);
    await running(last, context);
  } finally {
    process_.kill("SIGKILL");
  }
});

/** Types while the server is away, closes, comes back and answers the offer. */
async function unsent(context, page, scenario, answer, text) {
  await kept(page);
  await node(page, 4).focus();
  await page.keyboard.press("Enter");
  await field(page, "Subject").click();
  await kill();
  await page.keyboard.press("End");
  await page.keyboard.type(text);
  await page.locator('#saved:not([data-state="kept"])').waitFor();
  // It is written down a moment later.
  await page.waitForFunction((text) => Object.values(localStorage).some((value) => value.includes(text)), text);
  await page.close();
  await start("serve");
  const next = await context.newPage();
  await next.goto(`${scenario}/edit`);
  await ready(next);
  const dialog = next.getByRole("dialog", { name: "Take unsaved work" });
  await dialog.getByRole("button", { name: answer }).click();
  await dialog.waitFor({ state: "detached" });
  await kept(next);
  return next;
}

/** A call is out when the server dies; after the restart it is made again, and
 *  the open editor shows how the run ended. */
async function running(page, context) {
  const { createServer: http } = await import("node:http");
  let calls = 0;
  const shop = http((_, answer) => {
    calls += 1;
    // The first call is never answered.
    if (calls > 1) answer.end("{}");
  });
  await new Promise((done) => shop.listen(0, "127.0.0.1", done));
  const url = `http://127.0.0.1:${shop.address().port}/`;
  const text = JSON.stringify({
    name: "Asks the shop",
    flow: [{ id: 1, module: "http:ActionSendData", version: 3, parameters: { handleErrors: false }, mapper: { url, method: "get", headers: [], qs: [], bodyType: "", parseResponse: false, serializeUrl: false, shareCookies: false, rejectUnauthorized: true, followRedirect: true, useQuerystring: false, gzip: true, useMtls: false, followAllRedirects: false, timeout: "" }, metadata: { designer: { x: 0, y: 0 } } }],
    metadata: { version: 1, designer: { orphans: [] } },
  });
  await page.goto(`${await importText(page, text)}/edit`);
  await ready(page);
  await page.getByRole("button", { name: "Run once" }).first().click();
  for (let tries = 0; calls === 0 && tries < 200; tries += 1) await new Promise((done) => setTimeout(done, 50));
  assert.equal(calls, 1, "the call is out");
  await kill();
  await page.waitForTimeout(3_000);
  await start("serve");
  await page.waitForFunction(() => document.querySelector('[data-act="run"]:not([hidden])') && /finished|ended|done|1 operation/i.test(document.querySelector("#run-card")?.textContent ?? ""));
  assert.equal(calls, 2, "it was made again, once");
  assert.match(await node(page, 1).getAttribute("aria-label"), /1 operation/);
  shop.closeAllConnections();
  shop.close();
  await context.close();
}
