import assert from "node:assert/strict";
import { test } from "node:test";
import { say, spoken, t } from "./index";

const french = { "Close": "Fermer", "Route {0}: {1}": "{1} (voie {0})", "1 item": "1 élément" };
const tell = (text: string | TemplateStringsArray, ...values: unknown[]): string => say(french, text, values);

test("English needs no words of another language", () => {
  const words = { close: "Close" };
  assert.equal(spoken(words), words);
  assert.equal(t`Route ${2}: ${"{0}"}`, "Route 2: {0}");
  assert.equal(t("1 item"), "1 item");
});

test("plain texts, lists and groups are told in the language of the page", () => {
  const words = spoken({ close: "Close", keys: [["Esc", "Close"]], more: { one: "1 item", no: "Nothing" }, count: (n: number) => n }, french);
  assert.equal(words.close, "Fermer");
  assert.deepEqual(words.keys, [["Esc", "Fermer"]]);
  assert.deepEqual(words.more, { one: "1 élément", no: "Nothing" });
  assert.equal(words.count(3), 3);
});

test("values come to the place that the language gives them", () => {
  assert.equal(tell`Route ${1}: ${"{0} $& <b>"}`, "{0} $& <b> (voie 1)");
  assert.equal(tell("1 item"), "1 élément");
  assert.equal(tell`Route ${1}`, "Route 1");
});
