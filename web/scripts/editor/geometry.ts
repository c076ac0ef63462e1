/** Places and curves of the drawing: the twin of `crates/web/src/diagram/`
 *  (`layout.rs`, `links.rs`). `tests/vectors/layout.json` keeps both alike. */
import { tidy } from "./align";
import { move, placeOf } from "./blueprint";
import type { Doc } from "./store";
import { type Entry, type Kind, entries } from "./tree";

export interface Point {
  x: number;
  y: number;
}

/** Radius of a module's disc, distances of columns and rows. */
export const RADIUS = 48;
export const COLUMN = 230;
export const ROW = 190;
/** Moved modules stand on this grid. */
export const GRID = 10;
/** Two modules need this much room in at least one direction. */
export const ROOM: Point = { x: 170, y: 150 };
/** Coordinates of a file are whole numbers: so much may be lost by rounding. */
const SLACK = 1;
/** Make's canvas is wider than ours. */
const FROM_MAKE: Point = { x: COLUMN / 300, y: ROW / 270 };

export function fromMake(place: Point): Point {
  return { x: place.x * FROM_MAKE.x, y: place.y * FROM_MAKE.y };
}

export function toMake(place: Point): Point {
  return { x: Math.round(place.x / FROM_MAKE.x), y: Math.round(place.y / FROM_MAKE.y) };
}

/** Halves go away from zero, as the server rounds. */
export function round(number: number): number {
  return Math.sign(number) * Math.round(Math.abs(number)) || 0;
}

export function snap(number: number): number {
  return Math.round(number / GRID) * GRID || 0;
}

/** The centre of each module, in the order of the tree: where it was put, as
 *  far as no two overlap; the few that would go beside what they follow; when
 *  many have no good place of their own, all stand in tidy rows. */
export function places(all: readonly Entry[]): Point[] {
  const found: (Point | undefined)[] = [];
  let without = 0;
  for (const entry of all) {
    const own = ownPlace(entry);
    const kept = own && isFree(own, found) ? own : undefined;
    found.push(kept);
    if (!kept) without += 1;
  }
  if (without * 4 > all.length) return tidy(all).map(whole);
  all.forEach((entry, index) => (found[index] ??= beside(entry, found)));
  return found.map((place) => whole(place ?? { x: 0, y: 0 }));
}

function whole(place: Point): Point {
  return { x: round(place.x), y: round(place.y) };
}

function ownPlace(entry: Entry): Point | undefined {
  const place = placeOf(entry.module);
  return place && Math.abs(place.x) < 1e6 && Math.abs(place.y) < 1e6 ? fromMake(place) : undefined;
}

function collide(a: Point, b: Point): boolean {
  return Math.abs(a.x - b.x) < ROOM.x - SLACK && Math.abs(a.y - b.y) < ROOM.y - SLACK;
}

export function isFree(place: Point, others: readonly (Point | undefined)[]): boolean {
  return !others.some((other) => other && collide(place, other));
}

/** The nearest free row in the column after what it follows; loose modules go
 *  below everything. */
function beside(entry: Entry, found: readonly (Point | undefined)[]): Point {
  const after = entry.parent === undefined ? undefined : found[entry.parent];
  const target = after ? { x: after.x + COLUMN, y: after.y + (entry.kind === "flow" ? 0 : ROW) } : below(found);
  for (let row = 0; row <= found.length; row += 1) {
    for (const y of [target.y + row * ROW, target.y - row * ROW]) if (isFree({ x: target.x, y }, found)) return { x: target.x, y };
  }
  return target;
}

function below(found: readonly (Point | undefined)[]): Point {
  const known = found.filter((place) => place !== undefined);
  if (known.length === 0) return { x: 0, y: 0 };
  return { x: Math.min(...known.map((place) => place.x)), y: Math.max(...known.map((place) => place.y)) + ROW };
}

/** The smallest step aside with which moved modules cover no others. */
export function stepAside(moved: readonly Point[], others: readonly Point[]): Point | undefined {
  const ways = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15].map((way) => (way * Math.PI) / 8);
  for (let far = 0; far <= 60; far += 1) {
    for (const way of far === 0 ? [0] : ways) {
      const by = { x: snap(Math.cos(way) * far * GRID), y: snap(Math.sin(way) * far * GRID) };
      // One more than needed, so that rounding on the way to the file is harmless.
      const covers = (place: Point) =>
        others.some((other) => Math.abs(place.x + by.x - other.x) < ROOM.x && Math.abs(place.y + by.y - other.y) < ROOM.y);
      if (!moved.some(covers)) return by;
    }
  }
  return undefined;
}

/** The document with modules at other places of the drawing. When a shown
 *  place is not the file's, all that is seen is written down with it, so that
 *  the rest stays where it is. */
export function placed(doc: Doc, moves: ReadonlyMap<string, Point>): Doc {
  const all = entries(doc.root);
  const shown = places(all);
  const written = new Map<string, Point>();
  all.forEach((entry, index) => {
    const own = ownPlace(entry);
    const at = shown[index] as Point;
    const to = moves.get(entry.key) ?? at;
    if (!own || round(own.x) !== to.x || round(own.y) !== to.y) written.set(entry.key, toMake(to));
  });
  return move(doc, written).doc;
}

/** Where a line begins and ends, from the middle of the disc; error routes
 *  leave at the lower right. */
const GAP = RADIUS + 18;
const CORNER = 46;
/** What hangs on a module and is less far to the right, but so far down, stands
 *  below it. */
const BELOW: Point = { x: 170, y: 120 };

export type Curve = readonly [Point, Point, Point, Point];

export function curve(from: Point, to: Point, kind: Kind): Curve {
  if (kind !== "flow" && to.x - from.x < BELOW.x && to.y - from.y >= BELOW.y) return down(from, to);
  const start = kind === "flow" ? { x: from.x + GAP, y: from.y } : { x: from.x + CORNER, y: from.y + CORNER };
  const end = { x: to.x - GAP, y: to.y };
  return bent(start, end);
}

/** To what stands nearly straight below: a bow around the name of the module
 *  that arrives from above. From the left it would have to turn back. */
function down(from: Point, to: Point): Curve {
  const start = { x: from.x + CORNER, y: from.y + CORNER };
  const end = { x: to.x, y: to.y - RADIUS - 10 };
  const wide = Math.max((end.x - start.x) * 0.7, 40);
  const high = (end.y - start.y) * 0.55;
  return [start, { x: start.x + wide, y: start.y + 8 }, { x: end.x, y: end.y - high }, end];
}

/** From any point to another, leaving and arriving from the left. */
export function bent(start: Point, end: Point): Curve {
  const bend = Math.max(Math.abs((end.x - start.x) / 2), 36);
  return [start, { x: start.x + bend, y: start.y }, { x: end.x - bend, y: end.y }, end];
}

/** As the `d` of a path. */
export function pathOf(curve: Curve): string {
  const [start, first, second, end] = curve.map((point) => `${round(point.x)} ${round(point.y)}`);
  return `M${start} C${first} ${second} ${end}`;
}

/** A point on it, `at` from 0 to 1. */
export function pointOn(curve: Curve, at: number): Point {
  const left = 1 - at;
  const weights = [left * left * left, 3 * left * left * at, 3 * left * at * at, at * at * at] as const;
  const sum = (axis: "x" | "y") =>
    curve[0][axis] * weights[0] + curve[1][axis] * weights[1] + curve[2][axis] * weights[2] + curve[3][axis] * weights[3];
  return { x: round(sum("x")), y: round(sum("y")) };
}

/** A text in at most `most` lines of `length` letters, broken between words
 *  where that is possible: the twin of `words::wrapped`. */
export function wrapped(text: string, length: number, most: number): string[] {
  const lines: string[] = [];
  for (const line of text.split("\n")) {
    let letters = [...line.trim()];
    while (letters.length > 0 && lines.length <= most) {
      const end = breakAt(letters, length);
      lines.push(letters.slice(0, end).join("").trimEnd());
      letters = [...letters.slice(end).join("").trimStart()];
    }
  }
  if (lines.length <= most) return lines;
  const last = [...(lines[most - 1] ?? "")].slice(0, length - 1).join("").trimEnd();
  return [...lines.slice(0, most - 1), `${last}…`];
}

/** Behind the last word that fits; a word that is too long is cut. */
function breakAt(letters: readonly string[], length: number): number {
  if (letters.length <= length) return letters.length;
  for (let at = length; at > 0; at -= 1) if (/\s/.test(letters[at] ?? "")) return at;
  return length;
}

/** Cut at a number of letters, with a sign that there was more. */
export function cut(text: string, length: number): string {
  const letters = [...text];
  return letters.length > length ? `${letters.slice(0, length).join("")}…` : text;
}
