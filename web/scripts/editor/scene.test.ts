import assert from "node:assert/strict";
import { test } from "node:test";
import { lineSame, looksSame, markSame } from "./alike";
import { put } from "./json";
import { lineInto } from "./lines";
import { short, stateOf } from "./looks";
import type { Mark } from "./services";
import { type Entry, type Module, entries } from "./tree";

const root = {
  flow: [
    { id: 1, module: "builtin:BasicRouter", routes: [{ flow: [{ id: 2, module: "a:A", mapper: { x: "1" }, filter: { name: "paid", conditions: [[{ a: "1" }]] } }] }, { flow: [{ id: 3, module: "a:B" }] }] },
  ],
};
const places = [{ x: 0, y: 0 }, { x: 230, y: -95 }, { x: 230, y: 95 }];

function line(document: unknown, index: number) {
  const all = entries(document as never);
  const entry = all[index] as Entry;
  return lineInto(entry, all[0] as Entry, [{ entry: all[0] as Entry, at: places[0] as never }], places[index] as never);
}

test("what is typed into a module's fields does not draw it again; its name does", () => {
  const module = entries(root as never)[1]?.module as Module;
  assert.ok(looksSame(module, put(module, ["mapper", "x"], "2") as Module));
  assert.ok(looksSame(module, put(module, ["metadata", "designer", "x"], 7) as Module));
  assert.equal(looksSame(module, put(module, ["metadata", "designer", "name"], "Ada") as Module), false);
  assert.equal(looksSame(module, put(module, ["module"], "a:C") as Module), false);
  assert.equal(looksSame(module, put(module, ["disabled"], true) as Module), false);
});

test("a line is drawn again for its filter, its route and its fallback, not for a condition", () => {
  const before = line(root, 1);
  const path = ["flow", 0, "routes", 0, "flow", 0, "filter"];
  assert.ok(lineSame(before, line(put(root, [...path, "conditions"], [[{ a: "2" }]]), 1)));
  assert.equal(lineSame(before, line(put(root, [...path, "name"], "unpaid"), 1)), false);
  assert.equal(lineSame(before, line(put(root, path, undefined), 1)), false);
  assert.equal(lineSame(before, line(put(root, ["flow", 0, "parameters"], { else: 0 }), 1)), false);
  const shorter = put(root, ["flow", 0, "routes", 1], undefined);
  assert.deepEqual([before.chip?.text, line(shorter, 1).chip], ["1", undefined]);
});

const none: Mark = { operations: 0, errors: 0, parked: 0, running: 0, warnings: 0, heldBack: 0, letThrough: 0 };

test("bubbles tell the worst first", () => {
  assert.equal(stateOf({ ...none, operations: 3, errors: 1, running: 1 }).className, "error");
  assert.equal(stateOf({ ...none, operations: 3, running: 1, warnings: 1 }).className, "running");
  assert.equal(stateOf({ ...none, operations: 3, warnings: 1 }).className, "warning");
  assert.equal(stateOf({ ...none, operations: 3 }).className, "ok");
  assert.ok(markSame({ ...none }, { ...none }) && !markSame(none, { ...none, letThrough: 1 }) && !markSame(none, undefined));
});

test("large numbers fit into a bubble", () => {
  assert.deepEqual([7, 999, 1_234, 9_999, 56_789, 4_000_000].map(short), ["7", "999", "1.2k", "9.9k", "56k", "4M"]);
});
