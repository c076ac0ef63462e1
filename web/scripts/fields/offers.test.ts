import assert from "node:assert/strict";
import { test } from "node:test";
import type { Item } from "../editor/services";
import { suggestions, wordBefore } from "./completion-options";
import { asText } from "./drag-data";
import { difference } from "./edits";
import { copied, pasteInside } from "./insertion";
import { byPath, inList, listInList } from "./list-paths";
import { read } from "./pieces";
import { type World, find } from "./world";

const items: Item[] = [
  { name: "email", label: "E-mail", type: "text", path: "1.email", sample: "ada@example.org" },
  {
    name: "customer",
    label: "customer",
    type: "collection",
    path: "1.customer",
    spec: [{ name: "First name", label: "First name", type: "text", path: "1.customer.`First name`" }],
  },
];

const world = {
  groups: () => [{ module: 1, items, name: "Webhooks", app: "gateway", color: "#c2185b", bundles: 1, from: "run" }],
  variables: () => [],
  isKnown: true,
  isKeyword: (name: string) => name === "now",
  function: (name: string) => world.language.functions.find((one) => one.name === name),
  language: {
    functions: [
      { name: "upper", signature: "upper(text)", help: "Upper case.", examples: [{ expression: 'upper("a")', value: '"A"' }], extension: false, arguments: [{ optional: false }] },
      { name: "if", signature: "if(a; b; [c])", help: "Chooses.", examples: [], extension: false, arguments: [{ optional: false }, { optional: false }, { optional: true }] },
    ],
    keywords: [{ name: "now", help: "This moment.", volatile: true }],
  },
} as unknown as World & { language: { functions: { name: string }[] } };

const labels = (word: string) => suggestions(world, word).map((one) => one.label);

test("words are completed between braces only, or when asked for", () => {
  const at = (marked: string, isAsked = false) => wordBefore(marked.replace("|", ""), marked.indexOf("|"), isAsked)?.word;
  assert.equal(at("{{upp|}}"), "upp");
  assert.equal(at("{{|}}"), "");
  assert.equal(at("Hi {{upp|"), "upp");
  assert.equal(at("{{if(1.na|; )}}"), "1.na");
  assert.equal(at("upp|"), undefined);
  assert.equal(at("upp|", true), "");
  assert.equal(at('{{upper("ab|")}}'), undefined);
  assert.equal(at("{{1.a + |}}"), undefined);
  assert.equal(at("{{1.a + |}}", true), "");
  assert.equal(at("{{1.a + 2|}}"), undefined);
  assert.equal(at("{{1.a}} b|"), undefined);
});

test("the best comes first, and an unknown word may be meant as a text", () => {
  assert.deepEqual(labels("upp"), ["upper", '"upp"']);
  assert.deepEqual(labels("first"), ["1. customer: First name", '"first"']);
  assert.deepEqual(labels("1.e"), ["1. E-mail"]);
  assert.deepEqual(labels("e-mail"), ["1. E-mail"]);
  assert.deepEqual(labels("now"), ["now"]);
  assert.equal(labels("").length, 6);
  assert.deepEqual(suggestions(world, "if")[0]?.what, { kind: "call", name: "if", places: 2 });
});

test("what comes in goes before a function that begins alike, and Enter takes only what begins as the word", () => {
  const functions = ["escapeMarkdown", "emptyarray", "first", "names"].map((name) => ({ name, signature: `${name}(text)`, help: "", examples: [], extension: false, arguments: [{ optional: false }] }));
  const lines: Item[] = [...items, { name: "a", label: "Last name", type: "text", path: "1.a" }];
  const groups = [{ module: 1, items: lines, name: "", app: "", color: undefined, bundles: 1, from: "run" }];
  const other = { ...world, groups: () => groups, language: { functions, keywords: [] } } as unknown as World;
  const shown = (word: string, of: World = other) => suggestions(of, word).map((one) => `${one.label}${one.isSure ? "!" : ""}`);
  assert.deepEqual(shown("ema"), ["1. E-mail!", "escapeMarkdown", '"ema"']);
  assert.deepEqual(shown("name").slice(0, 2), ["1. customer: First name!", "1. Last name!"]);
  assert.equal(shown("name")[2], "names!");
  assert.deepEqual(shown(""), shown("").map((label) => label.replace("!", "")));
  // While nothing is known of what comes in, no function is taken unasked.
  const waiting = { ...other, isKnown: false, groups: () => [] } as unknown as World;
  assert.deepEqual(shown("ema", waiting), ["escapeMarkdown", '"ema"']);
  assert.deepEqual(shown("first", waiting), ["first", '"first"']);
});

test("labels follow the way to an item", () => {
  const path = read("{{1.customer.`First name`}}").pieces.find((piece) => piece.kind === "item")!.path!;
  assert.deepEqual(find(items, path.steps).labels, ["customer", "First name"]);
  const other = read("{{1.email[3].x}}").pieces.find((piece) => piece.kind === "item")!.path!;
  assert.deepEqual(find(items, other.steps).labels, ["E-mail", "[3]", "x"]);
});

test("lists give one item or all", () => {
  assert.equal(inList("1.lines", { kind: "first" }, ".sku"), "1.lines[].sku");
  assert.equal(inList("1.lines", { kind: "last" }, ".sku"), "1.lines[-1].sku");
  assert.equal(inList("1.lines", { kind: "nth", number: 3 }, ".`a b`"), "1.lines[3].`a b`");
  assert.equal(inList("1.lines", { kind: "all" }, ".`a b`.c"), 'map(1.lines; "a b.c")');
  assert.equal(inList("1.lines", { kind: "all" }, ""), "1.lines");
  assert.equal(listInList("1.lines", { kind: "first" }, ".tags"), "1.lines[].tags");
  const tags = listInList("1.lines", { kind: "all" }, ".tags");
  assert.equal(tags, 'flatten(map(1.lines; "tags"))');
  assert.equal(inList(tags, { kind: "nth", number: 2 }, ".label"), `get(${tags}; "2.label")`);
  assert.equal(inList(tags, { kind: "last" }, ".label"), `get(last(${tags}); "label")`);
  assert.equal(byPath("1.lines", ' 2."x" '), 'get(1.lines; "2.""x""")');
});

test("what is copied is a formula wherever it is pasted", () => {
  assert.equal(copied("a {{upper(1.b)}} c", 0, 18), "a {{upper(1.b)}} c");
  assert.equal(copied("{{upper(1.b)}}", 8, 11), "{{1.b}}");
  assert.equal(copied('{{upper("abc")}}', 9, 11), "ab");
  const pasted = (text: string, from: number, to: number, what: string) => {
    const edit = pasteInside(text, from, to, what, (name) => name === "now");
    return edit ? edit.changes.reduce((all, { from, to, insert }) => all.slice(0, from) + insert + all.slice(to), text) : undefined;
  };
  assert.equal(pasted("{{upper()}}", 8, 8, "Hi {{1.b}}"), '{{upper("Hi " + 1.b)}}');
  assert.equal(pasted("{{upper()}}", 8, 8, 'say "hi"'), '{{upper("say ""hi""")}}');
  assert.equal(pasted("{{upper()}}", 8, 8, "1.b"), "{{upper(1.b)}}");
  assert.equal(pasted("{{upper()}}", 8, 8, "now"), "{{upper(now)}}");
  assert.equal(pasted('{{upper("ab")}}', 10, 10, 'x"y'), '{{upper("ax""yb")}}');
  assert.equal(pasted('{{upper("ab")}}', 10, 10, "{{1.c}}"), '{{upper("a" + 1.c + "b")}}');
  assert.equal(pasted("abc", 1, 1, "{{1.c}}"), undefined);
});

test("a change is as small as it can be", () => {
  assert.deepEqual(difference("abc", "abxc"), [{ from: 2, to: 2, insert: "x" }]);
  assert.deepEqual(difference("aa", "a"), [{ from: 1, to: 2, insert: "" }]);
  assert.deepEqual(difference("a", "a"), []);
});

test("dragged to elsewhere it is a text", () => {
  assert.equal(asText({ kind: "value", code: "1.a" }), "{{1.a}}");
  assert.equal(asText({ kind: "call", name: "if", places: 3 }), "{{if(; ; )}}");
});
