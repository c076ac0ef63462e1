import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json } from "./json";
import { type Unsent, forget, offered, remember, remembered } from "./unsent";

function setUp() {
  const kept = new Map<string, string>();
  const place = {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, text: string) => void kept.set(name, text),
    removeItem: (name: string) => void kept.delete(name),
  };
  const unsent = (name: string): Unsent => ({ revision: 3, root: { flow: [], name } as Json, links: { "1.a": 5 }, tab: "a", at: "2026-11-24T10:00:00.000Z" });
  return { kept, place, unsent };
}

test("work that was not sent is offered at the next open of its scenario", () => {
  const { place, unsent } = setUp();
  assert.equal(remember(place, 7, unsent("mine")), true);
  const now = { root: { flow: [], name: "kept" } as Json, links: {} };
  assert.deepEqual(offered(place, 7, now), unsent("mine"));
  assert.equal(offered(place, 8, now), undefined);
});

test("what came to be kept after all is forgotten", () => {
  const { place, unsent } = setUp();
  remember(place, 7, unsent("mine"));
  assert.equal(offered(place, 7, { root: { name: "mine", flow: [] } as Json, links: { "1.a": 5 } }), undefined);
  assert.equal(remembered(place, 7), undefined);
});

test("a tab forgets only what it has left itself", () => {
  const { place, unsent } = setUp();
  remember(place, 7, unsent("mine"));
  forget(place, 7, "b");
  assert.notEqual(remembered(place, 7), undefined);
  forget(place, 7, "a");
  assert.equal(remembered(place, 7), undefined);
});

test("what is too large or cannot be written is told, and nothing strange is read", () => {
  const { place, unsent, kept } = setUp();
  assert.equal(remember(place, 7, unsent("x".repeat(2_000_001))), false);
  const full = { ...place, setItem: () => { throw new Error("quota"); } };
  assert.equal(remember(full, 7, unsent("mine")), false);
  kept.set("rouage-unsent-7", "{broken");
  assert.equal(remembered(place, 7), undefined);
});
