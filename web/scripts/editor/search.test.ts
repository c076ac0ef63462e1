import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { CatalogueApp, CatalogueModule } from "./editor";
import { knownElsewhere } from "./elsewhere";
import { order } from "./explain";
import { findIn } from "./find";
import { type Offer, foundGroups } from "./offers";
import { Search, distance } from "./search";
import { entries } from "./tree";

const app = (name: string, label: string, synonyms: string[] = []): CatalogueApp => ({ name, label, icon: "", monogram: "", color: "", synonyms });
const entry = (name: string, label: string, description: string, synonyms: string[] = []): CatalogueModule => ({ name, version: 1, label, description, kind: "action", synonyms, parameters: [], mapper: [], output: [] });
const apps = new Map([app("google-sheets", "Google Sheets", ["spreadsheet", "excel"]), app("email", "Email", ["mail", "smtp"]), app("builtin", "Flow control"), app("gateway", "Webhooks", ["hook"]), app("util", "Tools")].map((one) => [one.name, one]));
const search = new Search(
  [
    entry("google-sheets:addRow", "Add a row", "Writes a row at the end of a sheet.", ["append", "insert"]),
    entry("google-sheets:deleteRow", "Delete a row", "Takes a row out."),
    entry("email:ActionSendEmail", "Send an email", "Sends a message."),
    entry("builtin:BasicIfElse", "If-else", "Sends a bundle down the first branch whose condition holds.", ["condition", "branch"]),
    entry("builtin:BasicFeeder", "Iterator", "Gives each item of an array.", ["loop", "each"]),
    entry("builtin:BasicRepeater", "Repeater", "Counts.", ["loop", "times"]),
    entry("builtin:BasicRouter", "Router", "Sends a bundle down routes.", ["branch", "if"]),
    entry("util:FunctionSleep", "Sleep", "Waits.", ["wait", "delay"]),
    entry("util:Wa", "Waiter", "Another thing that begins alike."),
    entry("gateway:CustomWebHook", "Custom webhook", "Starts when data arrives."),
  ],
  apps,
);
const first = (query: string): string | undefined => search.find(query)[0]?.module.name;

test("modules are found by what people call them", () => {
  for (const [query, name] of [
    ["gsheet", "google-sheets:addRow"], ["sheets add", "google-sheets:addRow"], ["append", "google-sheets:addRow"], ["mail", "email:ActionSendEmail"], ["e-mail", "email:ActionSendEmail"],
    ["if", "builtin:BasicIfElse"], ["ifelse", "builtin:BasicIfElse"], ["loop", "builtin:BasicFeeder"], ["webhook", "gateway:CustomWebHook"], ["googlesheets delete", "google-sheets:deleteRow"],
  ] as const) assert.equal(first(query), name, query);
});

test("a word that people have for it goes before the beginning of another", () => {
  for (const [query, names] of [
    ["loop", ["builtin:BasicFeeder", "builtin:BasicRepeater"]], ["if", ["builtin:BasicIfElse", "builtin:BasicRouter"]], ["wait", ["util:FunctionSleep", "util:Wa"]], ["delay", ["util:FunctionSleep"]],
    ["times", ["builtin:BasicRepeater"]], ["gsheet", ["google-sheets:addRow", "google-sheets:deleteRow"]], ["send", ["email:ActionSendEmail"]],
  ] as const) assert.deepEqual(search.find(query).slice(0, names.length).map(({ module }) => module.name), names, query);
});

test("what every scenario may need goes before what one app has", () => {
  const both = new Search([entry("email:FeedAttachments", "Iterate attachments", "", ["loop"]), entry("builtin:BasicRepeater", "Repeater", "", ["loop"])], apps);
  assert.deepEqual(both.find("loop").map(({ module }) => module.name), ["builtin:BasicRepeater", "email:FeedAttachments"]);
});

test("a slip of the finger is forgiven, another word is not", () => {
  assert.equal(first("webhok"), "gateway:CustomWebHook");
  assert.equal(first("iteratro"), "builtin:BasicFeeder");
  assert.equal(first("gogle shets"), "google-sheets:addRow");
  assert.deepEqual(search.find("slack"), []);
  assert.deepEqual(search.find("sheets banana"), []);
});

test("what is near is offered when nothing is found", () => {
  assert.equal(search.near("interateur", 3)[0]?.module.name, "builtin:BasicFeeder");
});

test("letters that differ are counted, swapped neighbours as one", () => {
  assert.deepEqual([distance("abcd", "abdc", 2), distance("abc", "abc", 1), distance("kitten", "sitting", 3), distance("a", "abcd", 2)], [1, 0, 3, 3]);
});

test("a service that is not here is called by its name, unless it is here", () => {
  assert.equal(knownElsewhere("slack", []), "Slack");
  assert.equal(knownElsewhere("calendar", []), "Google Calendar");
  assert.equal(knownElsewhere("slack", ["Slack"]), undefined);
  assert.equal(knownElsewhere("banana", []), undefined);
});

test("modules of the scenario are found by number, name, and what is mapped in them", () => {
  const all = entries({ flow: [{ id: 1, module: "a:Hook" }, { id: 12, module: "b:Row", mapper: { values: { "0": "Dear {{1.First name}}" } } }, { id: 2, module: "c:Mail", filter: { conditions: [[{ a: "{{12.x}}" }]] } }] });
  const found = (query: string) => findIn(all, query, (entry) => entry.module.module).map(({ entry, field }) => [entry.id, field]);
  assert.deepEqual(found("12")[0], [12, ""]);
  assert.deepEqual(found("hook"), [[1, ""]]);
  assert.deepEqual(found("first NAME"), [[12, "values"]]);
  assert.deepEqual(found("{{12."), [[2, "filter"]]);
  assert.equal(found("").length, 3);
  assert.deepEqual(found("nothing"), []);
});

test("the flow is explained route by route, and a fallback comes last", () => {
  const leaf = (id: number) => ({ id, module: "a:A" });
  const all = entries({
    flow: [leaf(1), { id: 2, module: "builtin:BasicRouter", parameters: { else: 0 }, routes: [{ flow: [leaf(3), leaf(4)] }, { flow: [leaf(5), { id: 6, module: "builtin:BasicRouter", routes: [{ flow: [leaf(7)] }, { disabled: true, flow: [leaf(8)] }] }] }] }],
    metadata: { designer: { orphans: [[leaf(9), leaf(10)]] } },
  });
  assert.deepEqual(order(all).map((entry) => entry.id), [2, 5, 6, 7, 3, 4]);
});

/** The catalogue as the server has it; `tests/e2e/editor_words.rs` keeps it so. */
const real = JSON.parse(readFileSync("../tests/vectors/catalogue.json", "utf8")) as { apps: CatalogueApp[]; modules: CatalogueModule[] };
const whole = new Search(real.modules, new Map(real.apps.map((one) => [one.name, one])));
const first_: Offer = { isFirst: true, isLoose: false, onError: false, isNewHandler: false, takesMerge: false };
const after: Offer = { ...first_, isFirst: false };
const offered = (query: string, offer: Offer): string => {
  const choice = foundGroups(whole.find(query), offer)[0]?.choices[0];
  return choice?.why === undefined ? (choice?.module?.name ?? "") : "";
};

function check(offer: Offer, table: readonly (readonly [string, string])[]): void {
  assert.deepEqual(table.map(([query]) => [query, offered(query, offer)]), table);
}

test("what begins a scenario is found by the words of a shop", () => {
  check(first_, [
    ["shop", "gateway:CustomWebHook"], ["order", "gateway:CustomWebHook"], ["new order", "gateway:CustomWebHook"], ["woocommerce", "gateway:CustomWebHook"],
    ["prestashop", "gateway:CustomWebHook"], ["shopify", "gateway:CustomWebHook"], ["stripe", "gateway:CustomWebHook"], ["form", "gateway:CustomWebHook"],
    ["webhook", "gateway:CustomWebHook"], ["customer", "gateway:CustomWebHook"], ["subscription", "gateway:CustomWebHook"], ["payment", "gateway:CustomWebHook"],
    ["new row", "google-sheets:watchRows"], ["new email", "email:TriggerNewEmail"], ["inbox", "email:TriggerNewEmail"], ["news", "rss:TriggerNewArticle"],
  ] as const);
});

test("what comes next is found by the words of a shop, the usual one first", () => {
  check(after, [
    ["sheet", "google-sheets:addRow"], ["sheets", "google-sheets:addRow"], ["google", "google-sheets:addRow"], ["spreadsheet", "google-sheets:addRow"], ["excel", "google-sheets:addRow"],
    ["table", "google-sheets:addRow"], ["row", "google-sheets:addRow"], ["add row", "google-sheets:addRow"], ["save", "google-sheets:addRow"], ["find row", "google-sheets:filterRows"], ["update row", "google-sheets:updateRow"],
    ["mail", "email:ActionSendEmail"], ["email", "email:ActionSendEmail"], ["gmail", "email:ActionSendEmail"], ["send", "email:ActionSendEmail"], ["message", "email:ActionSendEmail"], ["notify", "email:ActionSendEmail"],
    ["api", "http:MakeRequest"], ["call", "http:MakeRequest"], ["url", "http:MakeRequest"], ["sms", "http:MakeRequest"], ["slack", "http:MakeRequest"], ["shopify", "http:MakeRequest"],
    ["pdf", "http:DownloadFile"], ["download", "http:DownloadFile"], ["wait", "util:FunctionSleep"], ["pause", "util:FunctionSleep"], ["delay", "util:FunctionSleep"],
    ["loop", "builtin:BasicFeeder"], ["each", "builtin:BasicFeeder"], ["list", "builtin:BasicFeeder"], ["items", "builtin:BasicFeeder"], ["repeat", "builtin:BasicRepeater"],
    ["sum", "util:FunctionAggregator2"], ["total", "util:FunctionAggregator2"], ["together", "builtin:BasicAggregator"], ["join", "util:TextAggregator"], ["text", "util:TextAggregator"],
    ["if", "builtin:BasicIfElse"], ["else", "builtin:BasicIfElse"], ["routes", "builtin:BasicRouter"], ["branch", "builtin:BasicRouter"], ["split", "builtin:BasicRouter"],
    ["variable", "util:SetVariable2"], ["database", "datastore:GetRecord"], ["answer", "gateway:WebhookRespond"], ["calculate", "math:EvaluateExpression"], ["json", "json:ParseJSON"], ["csv", "csv:ParseCSV"],
  ] as const);
});
