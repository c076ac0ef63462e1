import assert from "node:assert/strict";
import { test } from "node:test";
import { curve, pathOf, pointOn } from "./geometry";
import type { Line } from "./lines";
import { type Body, type Drawn, spread } from "./spread";

const from = { x: 0, y: 0 };

/** A line with a filter in its middle and the number of its route. */
function drawn(key: string, to: { x: number; y: number }, label = "Only with a coupon"): Drawn {
  const bow = curve(from, to, "flow");
  const line = {
    key,
    path: pathOf(bow),
    from: bow[0],
    to: bow[3],
    apps: ["", ""],
    className: "",
    chip: { ...pointOn(bow, 0.86), text: "1", title: "" },
    filter: { ...pointOn(bow, 0.5), lines: [label], title: label, name: label, className: "" },
  } as Line;
  return { line, from, to, kind: "flow", isJoined: false };
}

const body = (x: number, y: number): Body => ({ at: { x, y }, title: "Google Sheets", subtitle: "Add a Row" });

test("what has room stays where it is", () => {
  const to = { x: 230, y: 0 };
  assert.equal(spread([drawn("2", to)], [body(0, 0), body(to.x, to.y)]).size, 0);
});

test("a line bends around a module that stands in its way", () => {
  const to = { x: 690, y: 0 };
  const moved = spread([drawn("2", to)], [body(0, 0), body(345, 0), body(to.x, to.y)]).get("2");
  assert.ok(moved && moved.path !== drawn("2", to).line.path, "the line runs through the module");
});

test("filters of neighbouring routes do not lie on each other", () => {
  const lines = [drawn("2", { x: 460, y: 0 }, "Paid"), drawn("3", { x: 460, y: 20 }, "Open")];
  const moved = spread(lines, []);
  const at = (key: string, index: number) => (moved.get(key) ?? (lines[index] as Drawn).line).filter;
  const [a, b] = [at("2", 0), at("3", 1)];
  assert.ok(Math.abs(a.x - b.x) > 28 || Math.abs(a.y - b.y) > 28, JSON.stringify([a, b]));
});
