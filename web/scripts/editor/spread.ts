/** Lines, filters, numbers of routes and names of loops keep clear of modules,
 *  their names and each other. What has room where it is stays there: only what
 *  would lie on something moves along its line, and a line that would run
 *  through a module goes around it (`detour.ts`). */
import type { Area } from "./areas";
import { type Body, Grid, type Way, broad, meet, runsThrough, solidOf, wayAround } from "./detour";
import { type Point, RADIUS, curve } from "./geometry";
import type { Line } from "./lines";
import type { Box } from "./scene";
import type { Kind } from "./tree";

/** A line with what it leads from and to; into a merge it leads from several. */
export interface Drawn {
  line: Line;
  from: readonly [Point, ...Point[]];
  to: Point;
  kind: Kind;
}

export interface Spread {
  /** The lines that have to be drawn elsewhere than at first, by key. */
  lines: Map<string, Line>;
  /** The loops whose name has to stand elsewhere, by key. */
  areas: Map<string, Area>;
  /** Which of the modules a line runs through all the same. */
  crossed: Set<number>;
}

const FILTER_AT = along(0.5, 0.1, 0.9);
const CHIP_AT = along(0.86, 0.08, 0.94);
const ERROR_AT = along(0.12, 0.08, 0.9);
const LETTER = { label: 7, loop: 6.7 };
/** Places of the name of a loop, from the one above its first module. */
const LOOP_AT = [0, -17, -34, -51, 178, 195, -68, 212, -85].flatMap((y) => [{ x: 0, y }, { x: 90, y }, { x: 180, y }, { x: -60, y }]).sort((a, b) => far(a) - far(b));

export function spread(drawn: readonly Drawn[], bodies: readonly Body[], loops: readonly Area[] = []): Spread {
  const solids = bodies.map(solidOf);
  const solid = new Grid(solids.flat());
  /** What nothing may be put upon: a disc is larger than what a line must miss. */
  const taken = new Grid([...solids.flatMap((boxes) => boxes.slice(1)), ...bodies.map(({ at }) => discBox(at))]);
  const moved: Spread = { lines: new Map(), areas: new Map(), crossed: new Set() };
  for (const { line, from, to, kind } of drawn) {
    const ways = from.map((start) => wayAround(curve(start, to, kind), solid)) as [Way, ...Way[]];
    const [way] = ways;
    const next: Line = { ...line, path: ways.map(({ path }) => path).join(" ") };
    const isMoved = next.path !== line.path;
    for (const body of crossedBy(ways, bodies, solids, solid)) moved.crossed.add(body);
    if (line.filter.className !== "is-empty") {
      next.filter = { ...line.filter, ...firstFree(way, FILTER_AT, (at) => filterBoxes(line, at), taken) };
      for (const box of filterBoxes(line, next.filter)) taken.add(box);
    } else if (isMoved) next.filter = { ...line.filter, ...way.at(0.5) };
    if (line.chip) {
      next.chip = { ...line.chip, ...firstFree(way, line.chip.text === "" ? ERROR_AT : CHIP_AT, chipBoxes, taken) };
      for (const box of chipBoxes(next.chip)) taken.add(box);
    }
    if (isMoved || !same(next.filter, line.filter) || (line.chip && next.chip && !same(next.chip, line.chip))) moved.lines.set(line.key, next);
  }
  for (const area of loops) {
    const at = LOOP_AT.find((by) => taken.isFree(loopBox(area, by))) ?? { x: 0, y: 0 };
    taken.add(loopBox(area, at));
    if (at.x !== 0 || at.y !== 0) moved.areas.set(area.key, { ...area, x: area.x + at.x, y: area.y + at.y });
  }
  return moved;
}

/** Shares of a line, from where something should be to ever further away. */
function along(wanted: number, least: number, most: number): number[] {
  const steps = Array.from({ length: 41 }, (_, step) => least + ((most - least) * step) / 40);
  return [wanted, ...steps.sort((a, b) => Math.abs(a - wanted) - Math.abs(b - wanted))];
}

function far({ x, y }: Point): number {
  return Math.abs(x) + Math.abs(y);
}

function same(a: Point, b: Point): boolean {
  return a.x === b.x && a.y === b.y;
}

function firstFree(way: Way, shares: readonly number[], boxes: (at: Point) => Box[], taken: Grid): Point {
  const share = shares.find((share) => boxes(way.at(share)).every((box) => taken.isFree(box)));
  return way.at(share ?? (shares[0] as number));
}

function crossedBy(ways: readonly Way[], bodies: readonly Body[], solids: readonly Box[][], solid: Grid): number[] {
  if (!ways.some((way) => runsThrough(way, solid))) return [];
  return bodies.flatMap((_, index) => (ways.some((way) => (solids[index] as Box[]).some((box) => meet(box, way.hull)) && runsThrough(way, new Grid(solids[index]))) ? [index] : []));
}

function discBox({ x, y }: Point): Box {
  return { left: x - RADIUS, top: y - RADIUS, right: x + RADIUS, bottom: y + RADIUS };
}

function filterBoxes({ filter }: Line, { x, y }: Point): Box[] {
  const half = (Math.max(0, ...filter.lines.map(broad)) * LETTER.label) / 2;
  const face = { left: x - 14, top: y - 14, right: x + 14, bottom: y + 14 };
  return half === 0 ? [face] : [face, { left: x - half, top: y - 19 - 13 * filter.lines.length, right: x + half, bottom: y - 15 }];
}

function chipBoxes({ x, y }: Point): Box[] {
  return [{ left: x - 11, top: y - 11, right: x + 11, bottom: y + 11 }];
}

/** The name ends at its place. */
function loopBox({ x, y, name }: Area, by: Point): Box {
  return { left: x + by.x - broad(name) * LETTER.loop, top: y + by.y - 12, right: x + by.x + 2, bottom: y + by.y + 4 };
}
