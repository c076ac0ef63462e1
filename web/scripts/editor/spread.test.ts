import assert from "node:assert/strict";
import { test } from "node:test";
import { curve, pathOf, pointOn } from "./geometry";
import type { Line } from "./lines";
import type { Body } from "./detour";
import { type Drawn, spread } from "./spread";

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
  return { line, from: [from], to, kind: "flow" };
}

const body = (x: number, y: number): Body => ({ at: { x, y }, title: "Google Sheets", subtitle: "Add a Row" });

test("what has room stays where it is", () => {
  const to = { x: 230, y: 0 };
  assert.equal(spread([drawn("2", to)], [body(0, 0), body(to.x, to.y)]).lines.size, 0);
});

test("a line bends around a module that stands in its way", () => {
  const to = { x: 690, y: 0 };
  const moved = spread([drawn("2", to)], [body(0, 0), body(345, 0), body(to.x, to.y)]).lines.get("2");
  assert.ok(moved && moved.path !== drawn("2", to).line.path, "the line runs through the module");
});

test("filters of neighbouring routes do not lie on each other", () => {
  const lines = [drawn("2", { x: 460, y: 0 }, "Paid"), drawn("3", { x: 460, y: 20 }, "Open")];
  const moved = spread(lines, []).lines;
  const at = (key: string, index: number) => (moved.get(key) ?? (lines[index] as Drawn).line).filter;
  const [a, b] = [at("2", 0), at("3", 1)];
  assert.ok(Math.abs(a.x - b.x) > 28 || Math.abs(a.y - b.y) > 28, JSON.stringify([a, b]));
});

test("a line that leads back goes between the modules, and its number has room", () => {
  const to = { x: -1240, y: 460 };
  const rows = [-190, 0, 190, 460, 650].flatMap((y) => [-1240, -1010, -780, -550, -320, 0, 230, 460].map((x) => body(x, y)));
  const line = spread([drawn("2", to)], rows).lines.get("2");
  assert.ok(line?.path.includes("Q"), String(line?.path));
  for (const [, x, y] of line.path.matchAll(/[MLQ](-?\d+) (-?\d+)/g)) {
    assert.ok(!rows.some(({ at }) => Math.abs(Number(x) - at.x) < 48 && Math.abs(Number(y) - at.y) < 48), `${x} ${y}`);
  }
  for (const { x, y } of [line.chip ?? from, line.filter]) assert.ok(!rows.some(({ at }) => Math.abs(x - at.x) < 58 && Math.abs(y - at.y) < 58), `${x} ${y}`);
});

test("an error route leaves at the corner of its module as it is", () => {
  const error: Drawn = { ...drawn("2", { x: 230, y: 190 }), kind: "error" };
  error.line.path = pathOf(curve(from, error.to, "error"));
  error.line.chip = { ...pointOn(curve(from, error.to, "error"), 0.12), text: "", title: "" };
  error.line.filter = { ...error.line.filter, lines: [], className: "is-empty", ...pointOn(curve(from, error.to, "error"), 0.5) };
  assert.equal(spread([error], [body(0, 0), body(230, 190)]).lines.get("2")?.path, undefined);
});

test("two loops of one module have their names one above the other", () => {
  const loop = (key: string) => ({ key, keys: [], path: "", width: 168, level: 0, x: 30, y: -60, name: "For each bundle of 1", title: "" });
  const moved = spread([], [body(0, 0)], [loop("1-2"), loop("1-3")]).areas;
  assert.equal(moved.size, 1);
  assert.ok(Math.abs((moved.get("1-3")?.y ?? -60) + 60) >= 16);
});
