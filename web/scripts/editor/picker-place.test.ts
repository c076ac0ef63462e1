import assert from "node:assert/strict";
import { test } from "node:test";
import { type Rect, beside } from "./picker-place";

const box = { width: 380, height: 560 };
const page = { width: 1440, height: 900 };
const at = (x: number, y: number, half = 60): Rect => ({ left: x - half, top: y - half, right: x + half, bottom: y + half });
const covers = (place: { left: number; top: number }, rect: Rect) => place.left < rect.right && place.left + box.width > rect.left && place.top < rect.bottom && place.top + box.height > rect.top;

test("the box covers neither what was pressed nor where the module will be", () => {
  for (let x = 60; x <= 1100; x += 20) {
    for (const y of [80, 450, 860]) {
      const [anchor, future] = [at(x, y, 20), at(x + 230, y)];
      const place = beside(anchor, future, box, page);
      assert.ok(!covers(place, future) && !covers(place, anchor), `${x},${y}: ${JSON.stringify(place)}`);
      assert.ok(place.left >= 8 && place.left + box.width <= page.width && place.top >= 8, `${x},${y}`);
    }
  }
});

test("where there is no room beside, it stays on the page", () => {
  const place = beside(at(400, 300), at(630, 300), box, { width: 760, height: 600 });
  assert.ok(place.left >= 8 && place.left + box.width <= 760);
});
