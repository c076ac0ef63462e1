import assert from "node:assert/strict";
import { test } from "node:test";
import type { CatalogueApp, CatalogueModule } from "./editor";
import { knownElsewhere } from "./elsewhere";
import { order } from "./explain";
import { findIn } from "./find";
import { Search, distance } from "./search";
import { entries } from "./tree";

const app = (name: string, label: string, synonyms: string[] = []): CatalogueApp => ({ name, label, icon: "", monogram: "", color: "", synonyms });
const entry = (name: string, label: string, description: string, synonyms: string[] = []): CatalogueModule => ({ name, version: 1, label, description, kind: "action", synonyms, parameters: [], mapper: [], output: [] });
const apps = new Map([app("google-sheets", "Google Sheets", ["spreadsheet", "excel"]), app("email", "Email", ["mail", "smtp"]), app("builtin", "Flow control"), app("gateway", "Webhooks", ["hook"]), app("util", "Tools")].map((one) => [one.name, one]));
const search = new Search(
  [
    entry("google-sheets:addRow", "Add a row", "Writes a row at the end of a sheet.", ["append", "insert"]),
    entry("google-sheets:deleteRow", "Delete a row", "Takes a row out."),
    entry("email:Send", "Send an email", "Sends a message."),
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
    ["gsheet", "google-sheets:addRow"], ["sheets add", "google-sheets:addRow"], ["append", "google-sheets:addRow"], ["mail", "email:Send"], ["e-mail", "email:Send"],
    ["if", "builtin:BasicIfElse"], ["ifelse", "builtin:BasicIfElse"], ["loop", "builtin:BasicFeeder"], ["webhook", "gateway:CustomWebHook"], ["googlesheets delete", "google-sheets:deleteRow"],
  ] as const) assert.equal(first(query), name, query);
});

test("a word that people have for it goes before the beginning of another", () => {
  for (const [query, names] of [
    ["loop", ["builtin:BasicFeeder", "builtin:BasicRepeater"]], ["if", ["builtin:BasicIfElse", "builtin:BasicRouter"]], ["wait", ["util:FunctionSleep", "util:Wa"]], ["delay", ["util:FunctionSleep"]],
    ["times", ["builtin:BasicRepeater"]], ["gsheet", ["google-sheets:addRow", "google-sheets:deleteRow"]], ["send", ["email:Send"]],
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
