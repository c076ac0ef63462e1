import assert from "node:assert/strict";
import { test } from "node:test";

import { clockTime, exactTime } from "./times";

test("times are written as the server writes them, whatever the browser prefers", () => {
  Object.assign(globalThis, { document: { documentElement: { lang: "en" } } });
  const at = new Date(2026, 10, 24, 17, 5, 9);
  assert.equal(exactTime(at), "24 Nov 2026, 17:05:09");
  assert.equal(clockTime(at), "17:05");
  assert.equal(clockTime(new Date(2026, 10, 24, 0, 5)), "00:05");
});
