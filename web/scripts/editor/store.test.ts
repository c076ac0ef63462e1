import assert from "node:assert/strict";
import { test } from "node:test";
import { type Json, at, put, same } from "./json";
import { Store } from "./store";
import { entries } from "./tree";

const root: Json = {
  flow: [
    { id: 1, module: "a:A", onerror: [{ id: 2, module: "builtin:Ignore" }] },
    { id: 3, module: "builtin:BasicRouter", routes: [{ flow: [{ id: 4, module: "b:B" }] }, { disabled: true, flow: [{ id: 5, module: "b:C" }] }] },
  ],
  metadata: { designer: { orphans: [[{ module: "placeholder:Placeholder" }]] } },
};

test("the walk meets every flow in the order of the server", () => {
  const seen = entries(root).map(({ key, parent, kind, route, isOff }) => [key, parent, kind, route, isOff]);
  assert.deepEqual(seen, [
    ["1", undefined, "flow", undefined, false],
    ["2", 0, "error", undefined, false],
    ["3", 0, "flow", undefined, false],
    ["4", 2, "flow", 0, false],
    ["5", 2, "flow", 1, true],
    ["@metadata/designer/orphans/0/0", undefined, "flow", undefined, true],
  ]);
});

test("a change shares what it does not touch", () => {
  const changed = put(root, ["flow", 0, "module"], "a:X");
  assert.equal(at(changed, ["flow", 0, "module"]), "a:X");
  assert.equal(at(root, ["flow", 0, "module"]), "a:A");
  assert.equal(at(changed, ["flow", 1]), at(root, ["flow", 1]));
  assert.ok(same(put(changed, ["flow", 0, "module"], "a:A"), root));
  assert.equal(Object.hasOwn(put({ a: 1 }, ["a"], undefined) as object, "a"), false);
});

test("undo and redo give back the very documents, and typing is one step", () => {
  const store = new Store({ root, links: {} });
  const write = (name: string) => store.change("Rename", { root: put(store.doc.root, ["name"], name), links: {} }, { merge: "name" });
  write("a");
  write("ab");
  assert.equal(store.canUndo, "Rename");
  store.undo();
  assert.equal(store.doc.root, root);
  assert.equal(store.canUndo, undefined);
  store.redo();
  assert.equal(at(store.doc.root, ["name"]), "ab");
  write("abc");
  store.undo();
  assert.equal(at(store.doc.root, ["name"]), "ab");
});
