/** Ways of lines around modules and their names: as they are, with a bend, or
 *  in straight pieces through what is free between the modules. */
import { type Curve, type Point, RADIUS, pathOf, pointOn, round } from "./geometry";
import type { Box } from "./scene";

/** Where a line runs. */
export interface Way {
  path: string;
  /** A point of it, from 0 to 1. */
  at(share: number): Point;
  hull: Box;
}

/** A module with the words below it. */
export interface Body {
  at: Point;
  title: string;
  subtitle: string;
}

/** How far a line may bend down or up, and how far it may lean out at its ends:
 *  the smallest of all that helps. */
const BENDS = [0, 70, 130, 200, 300, 430, 600];
const LEANS = [0, 80, 170, 300];
const WAYS = BENDS.flatMap((bend) => LEANS.flatMap((lean) => [{ bend, lean }, { bend: -bend, lean }])).sort((a, b) => cost(a) - cost(b));
/** Pixels from one point that is looked at to the next. */
const STEP = 9;
/** Straight pieces keep so much away from what they pass, and their corners are
 *  so round. */
const CLEAR = 16;
const CORNER = 30;
/** So many columns at either end and rows between them are tried. */
const COLUMNS = 14;
const ROWS_TRIED = 40;

function cost({ bend, lean }: { bend: number; lean: number }): number {
  return Math.abs(bend) + lean * 0.8;
}

/** The way of a curve, or the nearest one that goes through nothing. */
export function wayAround(first: Curve, solid: Grid): Way {
  const bow = bowed(first);
  if (!runsThrough(bow, solid)) return bow;
  const [start, one, two, end] = first;
  for (const { bend, lean } of WAYS) {
    const bent = bowed([start, { x: one.x + lean, y: one.y + bend }, { x: two.x - lean, y: two.y + bend }, end]);
    if (!runsThrough(bent, solid)) return bent;
  }
  return detour(first, solid) ?? bow;
}

export function bowed(bow: Curve): Way {
  return { path: pathOf(bow), at: (share) => pointOn(bow, share), hull: hullOf(bow) };
}

export function runsThrough({ at, hull }: Way, solid: Grid): boolean {
  const near = solid.near(hull);
  if (near.length === 0) return false;
  const steps = Math.ceil((hull.right - hull.left + (hull.bottom - hull.top)) / STEP) + 4;
  for (let step = 0; step <= steps; step += 1) {
    const { x, y } = at(step / steps);
    if (near.some((box) => x > box.left && x < box.right && y > box.top && y < box.bottom)) return true;
  }
  return false;
}

function hullOf(points: readonly Point[]): Box {
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
  return { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) };
}

/** Out to a column, along a row that is free, and in from another column: the
 *  shortest of these that goes through nothing. */
function detour([start, , before, end]: Curve, solid: Grid): Way | undefined {
  const isFromAbove = before.x === end.x && before.y < end.y;
  const around = hullOf([start, end]);
  const near = solid.near({ left: around.left - 420, top: around.top - 420, right: around.right + 420, bottom: around.bottom + 420 });
  const isFree = (a: Point, b: Point) => {
    const [left, right, top, bottom] = [Math.min(a.x, b.x), Math.max(a.x, b.x), Math.min(a.y, b.y), Math.max(a.y, b.y)];
    return !near.some((box) => left < box.right && right > box.left && top < box.bottom && bottom > box.top);
  };
  const nearest = (values: number[], to: (value: number) => number, most: number) => [...new Set(values.map(round))].sort((a, b) => to(a) - to(b)).slice(0, most);
  const edges = near.flatMap(({ left, right }) => [left - CLEAR, right + CLEAR]);
  const outs = nearest([16, 40, 70].map((far) => start.x + far).concat(edges).filter((x) => x > start.x + 8), (x) => x - start.x, COLUMNS).filter((x) => isFree(start, { x, y: start.y }));
  const ins = isFromAbove ? [end.x] : nearest([16, 40, 70].map((far) => end.x - far).concat(edges).filter((x) => x < end.x - 8), (x) => end.x - x, COLUMNS).filter((x) => isFree({ x, y: end.y }, end));
  const beside = (y: number) => Math.max(0, around.top - y, y - around.bottom);
  const rows = nearest([start.y, end.y, (start.y + end.y) / 2].concat(near.flatMap(({ top, bottom }) => [top - CLEAR, bottom + CLEAR])).filter((y) => !isFromAbove || y < end.y - 8), beside, ROWS_TRIED);
  let best: { points: Point[]; long: number } | undefined;
  for (const y of rows) {
    const open = ins.filter((x) => isFree({ x, y }, { x, y: end.y }));
    for (const out of outs) {
      const long = (to: number) => out - start.x + Math.abs(y - start.y) + Math.abs(to - out) + Math.abs(end.y - y) + Math.abs(end.x - to);
      for (const to of open) {
        if (best && long(to) >= best.long) continue;
        if (!isFree({ x: out, y: start.y }, { x: out, y }) || !isFree({ x: out, y }, { x: to, y })) continue;
        best = { points: [start, { x: out, y: start.y }, { x: out, y }, { x: to, y }, { x: to, y: end.y }, end], long: long(to) };
      }
    }
  }
  return best && cornered(best.points);
}

/** Straight pieces with round corners. */
export function cornered(points: readonly Point[]): Way {
  const corners = points.filter((point, index) => {
    const [before, after] = [points[index - 1], points[index + 1]];
    return !before || !after || !((before.x === point.x && point.x === after.x) || (before.y === point.y && point.y === after.y));
  });
  const [start, end] = [corners[0] as Point, corners.at(-1) as Point];
  let path = `M${round(start.x)} ${round(start.y)}`;
  const dense: Point[] = [start];
  for (let index = 1; index < corners.length - 1; index += 1) {
    const [before, corner, after] = corners.slice(index - 1, index + 2) as [Point, Point, Point];
    const size = Math.min(CORNER, apart(before, corner) / 2, apart(corner, after) / 2);
    const [from, to] = [towards(corner, before, size), towards(corner, after, size)];
    path += ` L${round(from.x)} ${round(from.y)} Q${round(corner.x)} ${round(corner.y)} ${round(to.x)} ${round(to.y)}`;
    for (const share of [0, 0.25, 0.5, 0.75, 1]) dense.push(towards(towards(from, corner, size * share), towards(corner, to, size * share), share, true));
  }
  dense.push(end);
  const long = dense.slice(1).map((point, index) => apart(point, dense[index] as Point));
  const all = long.reduce((sum, piece) => sum + piece, 0);
  const at = (share: number): Point => {
    let left = share * all;
    for (const [index, piece] of long.entries()) {
      if (left <= piece && piece > 0) {
        const { x, y } = towards(dense[index] as Point, dense[index + 1] as Point, left / piece, true);
        return { x: round(x), y: round(y) };
      }
      left -= piece;
    }
    return end;
  };
  return { path: `${path} L${round(end.x)} ${round(end.y)}`, at, hull: hullOf(corners) };
}

function apart(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

/** So far from one point to another, in pixels or as a share of the whole. */
function towards(from: Point, to: Point, far: number, isShare = false): Point {
  const share = isShare ? far : far / (apart(from, to) || 1);
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
}

/** Boxes by where they are, so that a line looks at its neighbours only. */
export class Grid {
  #cells = new Map<number, Box[]>();

  constructor(boxes: readonly Box[] = []) {
    for (const box of boxes) this.add(box);
  }

  add(box: Box): void {
    for (const cell of cellsOf(box)) {
      const there = this.#cells.get(cell);
      if (there) there.push(box);
      else this.#cells.set(cell, [box]);
    }
  }

  /** What meets a box. */
  near(all: Box): Box[] {
    return [...new Set(cellsOf(all).flatMap((cell) => this.#cells.get(cell)?.filter((box) => meet(box, all)) ?? []))];
  }

  isFree(all: Box): boolean {
    return !cellsOf(all).some((cell) => this.#cells.get(cell)?.some((box) => meet(box, all)));
  }
}

const CELL = 400;
/** More rows than any drawing has cells. */
const ROWS = 100_000;

function cellsOf({ left, top, right, bottom }: Box): number[] {
  const cells: number[] = [];
  for (let x = Math.floor(left / CELL); x <= Math.floor(right / CELL); x += 1) {
    for (let y = Math.floor(top / CELL); y <= Math.floor(bottom / CELL); y += 1) cells.push(x * ROWS + y);
  }
  return cells;
}

export function meet(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

/** What a line has to go around: the disc, a little smaller than it is, as a
 *  line may begin at its corner, and the words. */
export function solidOf({ at, title, subtitle }: Body): Box[] {
  const inner = RADIUS - 3;
  const disc = { left: at.x - inner, top: at.y - inner, right: at.x + inner, bottom: at.y + inner };
  return [disc, ...wordsOf(at, title, subtitle)];
}

/** Widths of letters of the names, in the middle. */
const LETTER = { title: 8.2, subtitle: 6.7 };

function wordsOf(at: Point, title: string, subtitle: string): Box[] {
  const text = (letters: string, width: number, top: number, bottom: number) => {
    const half = (broad(letters) * width) / 2;
    return { left: at.x - half, top: at.y + top, right: at.x + half, bottom: at.y + bottom };
  };
  return [text(title, LETTER.title, 66, 87), text(subtitle, LETTER.subtitle, 87, 105)].filter((box) => box.right > box.left);
}

/** How many letters of usual width a text is as broad as. */
export function broad(text: string): number {
  let sum = 0;
  for (const letter of text) sum += /[\u1100-\u11ff\u2e80-\ud7af\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60]|\p{Extended_Pictographic}/u.test(letter) ? 1.9 : /[A-ZMW@%mw]/.test(letter) ? 1.2 : 1;
  return sum;
}
