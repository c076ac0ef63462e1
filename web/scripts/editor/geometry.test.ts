import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { aligned } from "./align";
import { areas } from "./areas";
import { type Point, ROOM, isFree, placed, places, snap, stepAside, toMake, fromMake, wrapped } from "./geometry";
import { at, isCollection, same } from "./json";
import type { Json } from "./json";
import { type Line, type Source, lineInto } from "./lines";
import { noteBoxes } from "./notes-layer";
import { wayInto } from "./viewport";
import { type Entry, entries, sourcesOf } from "./tree";

type Row = string[];
interface Drawing {
  places: Row[];
  lines: Row[];
  areas: Row[];
  notes: Row[];
}

/** What the scripts draw, in the shape of the vectors. */
function drawn(root: Json): Drawing {
  const all = entries(root);
  const points = places(all);
  const lines = linesOf(all, points);
  return {
    places: all.map((entry, index) => [entry.key, ...text(points[index] as Point)]),
    lines: lines.map((line) => {
      const chip = line.chip ? `${line.chip.text} ${line.chip.x} ${line.chip.y}` : "";
      const filter = `${line.filter.x} ${line.filter.y} ${line.filter.className}`.trim();
      return [line.key, line.path, line.className, chip, filter, line.filter.lines.join("|")];
    }),
    areas: areas(all, points).map((area) => [area.key, area.path, String(area.width), String(area.level), String(area.y)]),
    notes: noteBoxes(root, all, points, lines).map((note) => [String(note.index), `${note.x} ${note.y} ${note.height}`, note.color, note.lines.map((line) => line.text).join("|"), note.line]),
  };
}

function text({ x, y }: Point): string[] {
  return [String(x), String(y)];
}

function linesOf(all: readonly Entry[], points: readonly Point[]): Line[] {
  return all.flatMap((entry, index) => (entry.parent === undefined ? [] : [lineInto(entry, all[entry.parent] as Entry, sourcesOf(all, entry).map((source) => ({ entry: source, at: points[all.indexOf(source)] as Point })) as [Source, ...Source[]], points[index] as Point)]));
}

const vectors = JSON.parse(readFileSync("../tests/vectors/layout.json", "utf8")) as { name: string; blueprint: Json; drawing: Drawing }[];

for (const { name, blueprint, drawing } of vectors) {
  test(`drawn as the server draws it: ${name}`, () => assert.deepEqual(drawn(blueprint), drawing));
}

test("no real blueprint has overlapping modules, before and after an alignment", () => {
  const folder = "/work/shared/blueprints";
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const file = JSON.parse(readFileSync(`${folder}/${name}`, "utf8")) as Json;
    const root = at(file, ["response", "blueprint"]) ?? at(file, ["blueprint"]) ?? file;
    if (!isCollection(root)) continue;
    for (const points of [places(entries(root)), places(entries(aligned({ root, links: {} }).root))]) {
      points.forEach((point, index) => assert.ok(isFree(point, points.slice(0, index)), `${name} ${index}`));
    }
    // ROUAGE_DRAWINGS holds what the server drew, for a comparison by hand.
    const other = `${process.env.ROUAGE_DRAWINGS}/${name}`;
    if (existsSync(other)) assert.deepEqual(drawn(root), JSON.parse(readFileSync(other, "utf8")), name);
  }
});

const three = { flow: [1, 2, 3].map((id) => ({ id, module: "a:A", metadata: { designer: { x: (id - 1) * 300, y: 0 } } })), other: [1, 2] };

test("moving one module writes only that one, when the others stand where they are shown", () => {
  const doc = { root: three as Json, links: {} };
  const moved = placed(doc, new Map([["2", { x: 230, y: 200 }]]));
  assert.deepEqual(at(moved.root, ["flow", 1, "metadata", "designer"]), { x: 300, y: 284 });
  assert.equal(at(moved.root, ["flow", 0]), at(doc.root, ["flow", 0]));
  assert.equal(placed(doc, new Map([["2", { x: 230, y: 0 }]])), doc);
});

test("moving one of many without places writes all down as they are shown", () => {
  const root = { flow: [{ id: 1 }, { id: 2 }, { id: 3 }] } as Json;
  const moved = placed({ root, links: {} }, new Map([["3", { x: 460, y: 190 }]])).root;
  const written = [0, 1, 2].map((index) => at(moved, ["flow", index, "metadata", "designer"]));
  assert.deepEqual(written, [{ x: 0, y: 0 }, { x: 300, y: 0 }, { x: 600, y: 270 }]);
  assert.deepEqual(places(entries(moved)), [{ x: 0, y: 0 }, { x: 230, y: 0 }, { x: 460, y: 190 }]);
});

test("an aligned document is aligned for good", () => {
  for (const { blueprint } of vectors) {
    const once = aligned({ root: blueprint, links: {} });
    assert.ok(same(aligned(once).root, once.root));
  }
});

test("moved modules step aside by as little as possible, and stay aside in the file", () => {
  const others = [{ x: 0, y: 0 }, { x: 230, y: 0 }];
  assert.deepEqual(stepAside([{ x: 500, y: 0 }], others), { x: 0, y: 0 });
  const by = stepAside([{ x: 390, y: 0 }], others) as Point;
  assert.ok(Math.hypot(by.x, by.y) <= 20 && 390 + by.x - 230 >= ROOM.x, JSON.stringify(by));
  for (let x = 0; x < 400; x += 10) {
    const aside = stepAside([{ x, y: 10 }], others) as Point;
    const kept = fromMake(toMake({ x: x + aside.x, y: 10 + aside.y }));
    assert.ok(isFree(kept, others.map((place) => fromMake(toMake(place)))), String(x));
  }
});

test("the grid and the file agree on every place of the grid", () => {
  for (let place = -2_000; place <= 2_000; place += 10) {
    const back = fromMake(toMake({ x: place, y: place }));
    assert.deepEqual([snap(back.x), snap(back.y)], [place, place]);
  }
});

test("texts are broken as the server breaks them", () => {
  assert.deepEqual(wrapped("only active customers", 12, 2), ["only active", "customers"]);
  assert.deepEqual(wrapped("abcdefgh ij\n\nk", 5, 9), ["abcde", "fgh", "ij", "k"]);
  assert.deepEqual(wrapped("one two three", 5, 2), ["one", "two…"]);
});

test("the view moves only for what is not seen, and puts it beside the panel", () => {
  const box = { left: 500, top: 100, right: 680, bottom: 294 };
  const view = { x: 0, y: 0, scale: 1 };
  assert.deepEqual(wayInto(box, view, { width: 900, height: 700 }), { x: 0, y: 0 });
  const way = wayInto(box, view, { width: 600, height: 700 });
  assert.ok(box.right + way.x <= 592 && box.left + way.x >= 8, JSON.stringify(way));
  // With less room than it needs it stands in the middle of that.
  assert.deepEqual(wayInto(box, view, { width: 600, height: 180 }).y, -107);
});
