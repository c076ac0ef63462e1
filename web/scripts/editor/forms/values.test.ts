import assert from "node:assert/strict";
import { test } from "node:test";
import { withFilter } from "./merge-filters";
import type { Json } from "../json";
import { problemOf } from "./check";
import { asText, choiceValue, freeName, fromText, isPair, isShown, leftOver, modeOf, moved, putAll, renamed, restoredChoice, restoredItems, restoredMode } from "./values";

test("what stands in a field says how it was entered, then the note of Make's editor", () => {
  assert.equal(modeOf({ type: "boolean" }, true, { mode: "edit" }), "chose");
  assert.equal(modeOf({ type: "boolean" }, "{{1.paid}}", { mode: "chose" }), "edit");
  assert.equal(modeOf({ type: "select" }, "post", { mode: "edit" }), "edit");
  assert.equal(modeOf({ type: "select" }, "post", undefined), "chose");
  assert.equal(modeOf({ type: "array", spec: [{ name: "", label: "", type: "text" }] }, ["a"], { mode: "edit" }), "chose");
  assert.equal(modeOf({ type: "array", spec: [{ name: "", label: "", type: "text" }] }, "{{1.list}}", undefined), "edit");
});

test("an array of which nothing is known is mapped until items are written", () => {
  assert.equal(modeOf({ type: "array" }, undefined, undefined), "edit");
  assert.equal(modeOf({ type: "array" }, ["{{1.a}}"], undefined), "chose");
  assert.equal(modeOf({ type: "collection", dynamic: true }, undefined, undefined), "chose");
});

test("numbers and yes or no keep their type when the text still is one", () => {
  assert.equal(fromText("12", 5), 12);
  assert.equal(fromText("12", "5"), "12");
  assert.equal(fromText("1e", 5), "1e");
  assert.equal(fromText("007", 5), "007");
  assert.equal(fromText("false", true), false);
  assert.equal(choiceValue("true", false), true);
  assert.equal(choiceValue("true", "false"), "true");
  assert.equal(choiceValue("7", 5), 7);
  assert.equal(asText({ a: [1] }), '{"a":[1]}');
});

test("a condition reads the value as text, the default where it is empty, and lets mapped values pass", () => {
  const field = { shown: { field: "headers", values: ["true"] } };
  assert.ok(isShown(field, true, undefined));
  assert.ok(!isShown(field, false, undefined));
  assert.ok(isShown(field, undefined, "true"));
  assert.ok(!isShown(field, "", "false"));
  assert.ok(isShown(field, "{{1.x}}", "false"));
  assert.ok(isShown({ shown: { field: "type", values: [""] } }, null, undefined));
});

test("the notes of a list move with its items", () => {
  assert.deepEqual(moved([1, 2, 3], 0, 2), [2, 3, 1]);
  assert.deepEqual(moved([1, 2, 3], 2, -1), [3, 1, 2]);
  const note = { mode: "chose", items: [{ a: { mode: "edit" } }] };
  assert.deepEqual(restoredItems(note, 2, (items) => moved(items, 0, 1)), { mode: "chose", items: [null, { a: { mode: "edit" } }] });
  assert.deepEqual(restoredItems(undefined, 1, (items) => [...items, null]), { mode: "chose", items: [null, null] });
});

test("choosing keeps the note in step and forgets what belonged to the old choice", () => {
  assert.deepEqual(restoredChoice({ path: ["Old"], nested: [], label: "Old" }, "New", false), { label: "New" });
  assert.deepEqual(restoredChoice(undefined, "POST", true), { mode: "chose", label: "POST" });
  assert.deepEqual(restoredMode({ mode: "chose", label: "POST" }, "edit"), { mode: "edit" });
});

test("taking away what is not there makes nothing, and the same value changes nothing", () => {
  const root: Json = { flow: [{ id: 1, mapper: null }] };
  assert.equal(putAll(root, ["flow", 0], [[["metadata", "restore", "expect", "a"], undefined]]), root);
  assert.equal(putAll(root, ["flow", 0], [[["id"], 1]]), root);
  assert.deepEqual(putAll(root, ["flow", 0], [[["mapper", "a"], "x"]]), { flow: [{ id: 1, mapper: { a: "x" } }] });
});

test("names of free fields keep their place", () => {
  assert.deepEqual(Object.keys(renamed({ a: 1, b: 2, c: 3 }, "b", "x")), ["a", "x", "c"]);
  assert.deepEqual(renamed({ a: 1, b: 2 }, "a", "b"), { a: 1, b: 2 });
  assert.equal(freeName({ field: 1, field2: 1 }, "field"), "field3");
  assert.deepEqual(leftOver({ "0": "a", "9": "b" }, [{ name: "0" }]), ["9"]);
});

test("headers are pairs, cases of a switch too, attachments are not", () => {
  const text = (name: string) => ({ name, label: name, type: "text" as const });
  assert.ok(isPair([text("name"), text("value")]));
  assert.ok(isPair([text("pattern"), { ...text("output"), type: "any" as const }]));
  assert.ok(!isPair([text("fileName"), { ...text("data"), type: "buffer" as const }]));
});

test("what cannot be right is said, what is mapped is not judged", () => {
  assert.equal(problemOf({ type: "text", required: true }, ""), "This is needed.");
  assert.equal(problemOf({ type: "text", required: true, default: "x" }, ""), undefined);
  assert.equal(problemOf({ type: "number" }, "{{1.total}}"), undefined);
  assert.equal(problemOf({ type: "number" }, "1,5"), undefined);
  assert.notEqual(problemOf({ type: "number" }, "ten"), undefined);
  assert.notEqual(problemOf({ type: "uinteger" }, "-1"), undefined);
  assert.notEqual(problemOf({ type: "url" }, "example.com"), undefined);
  assert.equal(problemOf({ type: "url" }, "https://example.com"), undefined);
  assert.equal(problemOf({ type: "email" }, "Ada <ada@example.com>"), undefined);
  assert.notEqual(problemOf({ type: "email" }, "ada"), undefined);
  assert.notEqual(problemOf({ type: "array", required: true }, []), undefined);
});

test("a merge keeps one filter for each branch", () => {
  const rule = { a: "{{1.x}}", o: "exist" };
  assert.deepEqual(withFilter([], 1, 2, [[rule]]), [null, { name: "", conditions: [[rule]] }]);
  const named = { name: "Paid", conditions: [[rule]], own: 1 };
  assert.deepEqual(withFilter([named, null], 0, 2, [[rule], [rule]]), [{ ...named, conditions: [[rule], [rule]] }, null]);
  assert.deepEqual(withFilter([named, null], 0, 2, []), [null, null]);
});
