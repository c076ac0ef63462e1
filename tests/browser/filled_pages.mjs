// Every page with something on it. The list is checked against the program's
// own table of routes, so that a new page cannot be forgotten.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { look, routes } from "./look.mjs";
import { folder, story } from "./support.mjs";

const at = JSON.parse(await readFile(`${folder}/places.json`, "utf8"));

const PAGES = [
  { route: "/scenarios", name: "scenarios" },
  { route: "/scenarios", name: "scenarios-nothing-found", path: "/scenarios?q=unheard" },
  { route: "/scenarios/new", name: "scenarios-new" },
  { route: "/folders/{id}/delete", name: "folder-delete", path: `${at.folder}/delete` },
  { route: "/scenarios", name: "scenarios-folder", path: `/scenarios?folder=${at.folder.split("/").at(-1)}` },
  { route: "/scenarios/{id}/edit", name: "edit", path: `${at.scenario}/edit` },
  { route: "/scenarios/{id}/edit", name: "edit-unavailable", path: `${at.unavailable}/edit` },
  { route: "/scenarios/{id}/versions", name: "versions", path: `${at.scenario}/versions` },
  { route: "/scenarios/{id}/versions/{version}", name: "version", path: at.version },
  { route: "/scenarios/{id}/versions/compare", name: "versions-compare", path: at.compare },
  { route: "/import", name: "import" },
  { route: "/scenarios/{id}", name: "scenario", path: at.scenario },
  { route: "/scenarios/{id}", name: "scenario-module", path: `${at.scenario}#m3` },
  { route: "/scenarios/{id}", name: "scenario-aggregator", path: at.aggregator },
  { route: "/scenarios/{id}", name: "scenario-unavailable", path: at.unavailable },
  { route: "/scenarios/{id}", name: "scenario-failing", path: at.failing },
  { route: "/scenarios/{id}/history", name: "history", path: `${at.scenario}/history` },
  { route: "/scenarios/{id}/history", name: "history-failing", path: `${at.failing}/history` },
  { route: "/scenarios/{id}/setup", name: "scenario-setup", path: `${at.scenario}/setup` },
  { route: "/scenarios/{id}/setup", name: "scenario-setup-unavailable", path: `${at.unavailable}/setup` },
  { route: "/scenarios/{id}/settings", name: "scenario-settings", path: `${at.scenario}/settings` },
  { route: "/scenarios/{id}/schedule", name: "schedule", path: `${at.scenario}/schedule` },
  { route: "/scenarios/{id}/schedule", name: "schedule-watching", path: `${at.watching}/schedule` },
  { route: "/scenarios/{id}/start", name: "start", path: `${at.watching}/start` },
  { route: "/scenarios/{id}", name: "scenario-watching", path: at.watching },
  { route: "/scenarios/{id}/delete", name: "scenario-delete", path: `${at.scenario}/delete` },
  { route: "/scenarios/{id}/interface", name: "interface", path: `${at.called}/interface` },
  { route: "/scenarios/{id}/inputs", name: "inputs", path: `${at.called}/inputs` },
  { route: "/scenarios/{id}/modules/{module}/run", name: "module-run", path: `${at.scenario}/modules/3/run` },
  { route: "/executions", name: "executions" },
  { route: "/executions", name: "executions-nothing-found", path: "/executions?q=unheard" },
  { route: "/executions/{id}", name: "execution", path: at.run },
  { route: "/executions/{id}", name: "execution-aggregator", path: at.aggregatorRun },
  { route: "/executions/{id}", name: "execution-failed", path: at.failedRun },
  { route: "/executions/{id}", name: "execution-in-doubt", path: at.doubtfulRun },
  { route: "/incomplete", name: "incomplete" },
  { route: "/incomplete/{id}", name: "incomplete-one", path: at.incomplete },
  { route: "/incomplete/{id}/edit", name: "incomplete-edit", path: at.incompleteEdit },
  { route: "/incomplete/{id}/delete", name: "incomplete-delete", path: at.incompleteDelete },
  { route: "/webhooks", name: "webhooks" },
  { route: "/webhooks/{id}", name: "webhook", path: at.webhook },
  { route: "/webhooks/{id}", name: "webhook-queue", path: at.queued },
  { route: "/webhooks/{id}", name: "webhook-new", path: at.newWebhook },
  { route: "/webhooks/{id}/requests/{delivery}", name: "webhook-request", path: at.request },
  { route: "/webhooks/{id}/delete", name: "webhook-delete", path: `${at.webhook}/delete` },
  { route: "/outbox", name: "outbox" },
  { route: "/outbox/{id}", name: "outbox-mail", path: at.mail },
  { route: "/connections", name: "connections" },
  { route: "/connections/new", name: "connection-choose" },
  { route: "/connections/new/{kind}", name: "connection-new-smtp", path: "/connections/new/smtp" },
  { route: "/connections/new/{kind}", name: "connection-new-google", path: "/connections/new/google" },
  { route: "/connections/{id}", name: "connection", path: at.connection },
  { route: "/connections/{id}/delete", name: "connection-delete", path: `${at.connection}/delete` },
  { route: "/settings", name: "settings" },
  { route: "/functions", name: "functions" },
  { route: "/settings/users", name: "users" },
  { route: "/spreadsheets", name: "spreadsheets" },
  { route: "/spreadsheets/{id}", name: "spreadsheet", path: at.sheet },
  { route: "/datastores", name: "datastores" },
  { route: "/datastores/{id}", name: "datastore", path: at.datastore },
  { route: "/datastores/{id}", name: "datastore-nothing-found", path: `${at.datastore}?q=unheard` },
  { route: "/datastores/{id}/record", name: "record", path: at.record },
  { route: "/datastores/{id}/record", name: "record-new", path: `${at.datastore}/record` },
  { route: "/datastores/{id}/record/delete", name: "record-delete", path: at.record.replace("?", "/delete?") },
  { route: "/datastores/{id}/import", name: "datastore-import", path: `${at.datastore}/import` },
  { route: "/datastores/{id}/delete", name: "datastore-delete", path: `${at.datastore}/delete` },
  { route: "/structures", name: "structures" },
  { route: "/structures/new", name: "structure-new" },
  { route: "/structures/{id}", name: "structure", path: at.structure },
  { route: "/structures/{id}/delete", name: "structure-delete", path: `${at.structure}/delete` },
  { route: null, name: "error-not-found", path: "/nothing-here", status: 404 },
  { route: null, name: "error-scenario", path: "/scenarios/999999", status: 404 },
];
/** Seen by the empty pages. */
const ELSEWHERE = ["/login", "/setup/{token}"];

await story(async (browser) => {
  const seen = new Set([...PAGES.map((page) => page.route), ...ELSEWHERE]);
  assert.deepEqual((await routes()).filter((route) => !seen.has(route)), [], "pages that nobody looks at");
  const pages = PAGES.map((page) => ({ path: page.route, ...page }));
  await look(browser, pages, { storageState: `${folder}/state.json` });
});
