/** Lines, filters and numbers of routes keep clear of modules, their names and
 *  each other. What has room where it is stays there: only what would lie on
 *  something moves along its line, and a line that would run through a module
 *  bends around it. */
import { type Curve, type Point, RADIUS, curve, pathOf, pointOn } from "./geometry";
import type { Line } from "./lines";
import type { Box } from "./scene";
import type { Kind } from "./tree";

/** A module with the words below it. */
export interface Body {
  at: Point;
  title: string;
  subtitle: string;
}

/** A line with what it leads from and to; nothing to bend where several meet. */
export interface Drawn {
  line: Line;
  from: Point;
  to: Point;
  kind: Kind;
  isJoined: boolean;
}

const FILTER_AT = [0.5, 0.43, 0.57, 0.36, 0.64, 0.29, 0.71, 0.22, 0.78];
const CHIP_AT = [0.86, 0.8, 0.92, 0.72, 0.64, 0.3, 0.22, 0.14];
/** How far a line may bend down or up, and how far it may lean out at its ends:
 *  the smallest of all that helps. */
const BENDS = [0, 70, 130, 200, 300, 430, 600];
const LEANS = [0, 80, 170, 300];
const WAYS = BENDS.flatMap((bend) => LEANS.flatMap((lean) => [{ bend, lean }, { bend: -bend, lean }])).sort((a, b) => cost(a) - cost(b));
/** Widths of letters of the names, in the middle. */
const LETTER = { title: 8.2, subtitle: 6.7, label: 7 };
/** A line is looked at so often: pixels from one point to the next. */
const STEP = 9;

/** The lines that have to be drawn elsewhere than at first, by key. */
export function spread(drawn: readonly Drawn[], bodies: readonly Body[]): Map<string, Line> {
  const solid = new Grid(bodies.flatMap(solidOf));
  const taken: Box[] = [];
  const moved = new Map<string, Line>();
  for (const { line, from, to, kind, isJoined } of drawn) {
    const first = curve(from, to, kind);
    const bow = isJoined ? first : free(first, solid);
    const near = around(bow, solid);
    const next: Line = bow === first ? { ...line } : { ...line, path: pathOf(bow), filter: { ...line.filter, ...pointOn(bow, 0.5) } };
    const isClear = (boxes: readonly Box[]) => !boxes.some((box) => near.some((other) => meet(box, other)) || taken.some((other) => meet(box, other)));
    if (line.filter.className !== "is-empty") {
      const at = FILTER_AT.find((place) => isClear(filterBoxes(line, pointOn(bow, place))));
      if (at !== undefined && at !== FILTER_AT[0]) next.filter = { ...line.filter, ...pointOn(bow, at) };
      taken.push(...filterBoxes(line, next.filter));
    }
    if (line.chip && line.chip.text !== "") {
      const at = CHIP_AT.find((place) => isClear([chipBox(pointOn(bow, place))]));
      next.chip = { ...line.chip, ...pointOn(bow, at ?? CHIP_AT[0] as number) };
      taken.push(chipBox(next.chip));
    } else if (line.chip && bow !== first) next.chip = { ...line.chip, ...pointOn(bow, 0.12) };
    if (next.path !== line.path || !same(next.filter, line.filter) || (line.chip && next.chip && !same(next.chip, line.chip))) moved.set(line.key, next);
  }
  return moved;
}

function cost({ bend, lean }: { bend: number; lean: number }): number {
  return Math.abs(bend) + lean * 0.8;
}

function same(a: Point, b: Point): boolean {
  return a.x === b.x && a.y === b.y;
}

/** The line as it is, or with the smallest bend that goes through nothing. */
function free(first: Curve, solid: Grid): Curve {
  if (!runsThrough(first, solid)) return first;
  const [start, one, two, end] = first;
  for (const { bend, lean } of WAYS) {
    const bow: Curve = [start, { x: one.x + lean, y: one.y + bend }, { x: two.x - lean, y: two.y + bend }, end];
    if (!runsThrough(bow, solid)) return bow;
  }
  return first;
}

function runsThrough(bow: Curve, solid: Grid): boolean {
  const near = around(bow, solid);
  if (near.length === 0) return false;
  const long = bow.slice(1).reduce((sum, point, index) => sum + Math.hypot(point.x - (bow[index] as Point).x, point.y - (bow[index] as Point).y), 0);
  const steps = Math.ceil(long / STEP);
  for (let step = 0; step <= steps; step += 1) {
    const { x, y } = pointOn(bow, step / steps);
    if (near.some((box) => x > box.left && x < box.right && y > box.top && y < box.bottom)) return true;
  }
  return false;
}

/** What is so near to a line that something of it could lie there. */
function around(bow: Curve, solid: Grid): Box[] {
  const [xs, ys] = [bow.map(({ x }) => x), bow.map(({ y }) => y)];
  const all = { left: Math.min(...xs) - 80, top: Math.min(...ys) - 60, right: Math.max(...xs) + 80, bottom: Math.max(...ys) + 50 };
  return solid.near(all);
}

/** Boxes by where they are, so that a line looks at its neighbours only. */
class Grid {
  #cells = new Map<number, Box[]>();

  constructor(boxes: readonly Box[]) {
    for (const box of boxes) {
      for (const cell of cellsOf(box)) {
        const there = this.#cells.get(cell);
        if (there) there.push(box);
        else this.#cells.set(cell, [box]);
      }
    }
  }

  /** What meets a box; some of it more than once. */
  near(all: Box): Box[] {
    return cellsOf(all).flatMap((cell) => this.#cells.get(cell)?.filter((box) => meet(box, all)) ?? []);
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

function solidOf({ at, title, subtitle }: Body): Box[] {
  const text = (letters: string, width: number, top: number, bottom: number) => ({ left: at.x - (letters.length * width) / 2, top: at.y + top, right: at.x + (letters.length * width) / 2, bottom: at.y + bottom });
  const disc = { left: at.x - RADIUS, top: at.y - RADIUS, right: at.x + RADIUS, bottom: at.y + RADIUS };
  return [disc, text(title, LETTER.title, 68, 86), text(subtitle, LETTER.subtitle, 88, 104)].filter((box) => box.right > box.left);
}

function filterBoxes({ filter }: Line, { x, y }: Point): Box[] {
  const longest = Math.max(0, ...filter.lines.map((line) => line.length));
  const half = (longest * LETTER.label) / 2;
  const face = { left: x - 14, top: y - 14, right: x + 14, bottom: y + 14 };
  return longest === 0 ? [face] : [face, { left: x - half, top: y - 19 - 13 * filter.lines.length, right: x + half, bottom: y - 15 }];
}

function chipBox({ x, y }: Point): Box {
  return { left: x - 11, top: y - 11, right: x + 11, bottom: y + 11 };
}

function meet(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
