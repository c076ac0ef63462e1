import assert from "node:assert/strict";
import { test } from "node:test";
import { at, put } from "./json";

test("a key named like the prototype is a key like any other", () => {
  const doc = put({ a: 1 }, ["__proto__", "b"], 2);
  assert.equal(JSON.stringify(doc), '{"a":1,"__proto__":{"b":2}}');
  assert.equal(at(doc, ["__proto__", "b"]), 2);
  assert.equal(Object.getPrototypeOf(doc), Object.prototype);
});
