/** Free places on Make's canvas. The drawing keeps the places of a document
 *  only while no two modules overlap, so a new one never lands on another. */
import { type Json, isCollection } from "../json";
import { type Module, entries } from "../tree";
import { allModules, deep, mapModules, movedTo, placeOf } from "./base";

/** Distances in Make's coordinates: a column, a row, and what a disc with its
 *  name needs. */
export const COLUMN = 300;
export const ROW = 270;
const ROOM = { x: 230, y: 242 };

export interface Point {
  x: number;
  y: number;
}

/** The nearest place at or below the wanted one where nothing stands. */
export function freePlace(root: Json, wanted: Point, ignore?: (module: Module) => boolean): Point {
  const taken = allModules(root).filter((module) => !ignore?.(module)).map(placeOf).filter((place) => place !== undefined);
  return below(taken, wanted);
}

function below(taken: readonly Point[], wanted: Point): Point {
  let { y } = wanted;
  for (;;) {
    const under = taken.filter((place) => Math.abs(place.x - wanted.x) < ROOM.x && Math.abs(place.y - y) < ROOM.y);
    if (under.length === 0) return { x: wanted.x, y };
    y = Math.max(...under.map((place) => place.y)) + ROW;
  }
}

/** How far a group has to go down so that none of it covers another module. */
export function freeShift(root: Json, group: readonly Point[], by: Point): Point {
  const taken = allModules(root).map(placeOf).filter((place) => place !== undefined);
  let { y } = by;
  for (;;) {
    const covers = group.flatMap((place) => taken.filter((other) => Math.abs(other.x - place.x - by.x) < ROOM.x && Math.abs(other.y - place.y - y) < ROOM.y).map((other) => other.y - place.y));
    if (covers.length === 0) return { x: by.x, y };
    y = Math.max(...covers) + ROW;
  }
}

/** Where the next module stands behind this one. */
export function behind(root: Json, module: Module | undefined): Point {
  const place = placeOf(module);
  return freePlace(root, place ? { x: place.x + COLUMN, y: place.y } : { x: 0, y: 0 });
}

/** Where a new route of a module begins: under all others. */
export function besideRoutes(root: Json, module: Module): Point {
  const place = placeOf(module) ?? { x: 0, y: 0 };
  const under = deep([module]).slice(1).map(placeOf).filter((other) => other !== undefined);
  const y = under.length > 0 ? Math.max(...under.map((other) => other.y)) + ROW : place.y;
  return freePlace(root, { x: place.x + COLUMN, y });
}

/** Where a merge stands: behind the longest branch, on the line of the if-else. */
export function behindBranches(root: Json, module: Module): Point {
  const place = placeOf(module) ?? { x: 0, y: 0 };
  const right = Math.max(place.x, ...placesOf([module]).map((other) => other.x));
  return freePlace(root, { x: right + COLUMN, y: place.y });
}

/** Where an error route begins: below its module, a little aside when another
 *  stands there, so that its line crosses none. */
export function underneath(root: Json, module: Module): Point {
  const place = placeOf(module) ?? { x: 0, y: 0 };
  const wanted = [COLUMN / 2, COLUMN].map((aside) => ({ x: place.x + aside, y: place.y + ROW }));
  const [near] = wanted as [Point, Point];
  return wanted.find((one) => freePlace(root, one).y === one.y) ?? freePlace(root, near);
}

/** The same modules, moved on by so much, with all that hangs on them. */
export function shifted(modules: readonly Json[], by: Point): Json[] {
  return mapModules(modules, (module) => {
    const place = placeOf(module);
    return place ? movedTo(module, { x: place.x + by.x, y: place.y + by.y }) : module;
  });
}

/** Whether there is room for one more between a module and the one before. */
export function gapBefore(root: Json, key: string): Point | undefined {
  const all = entries(root);
  const entry = all.find((other) => other.key === key);
  const before = entry?.parent === undefined ? undefined : all[entry.parent];
  const [from, to] = [placeOf(before?.module), placeOf(entry?.module)];
  if (!from || !to || to.x - from.x < 2 * ROOM.x) return undefined;
  const middle = { x: Math.round((from.x + to.x) / 2), y: Math.round((from.y + to.y) / 2) };
  const free = freePlace(root, middle);
  return free.y === middle.y ? middle : undefined;
}

/** The places of a fragment's modules. */
export function placesOf(modules: readonly Json[]): Point[] {
  return deep(modules).map(placeOf).filter((place) => place !== undefined);
}

/** Gives a fragment's head a place and takes the rest along. */
export function broughtTo(root: Json, modules: readonly Json[], wanted: Point): Json[] {
  const head = modules.find(isCollection);
  const from = placeOf(head) ?? { x: 0, y: 0 };
  const by = freeShift(root, placesOf(modules), { x: wanted.x - from.x, y: wanted.y - from.y });
  return shifted(modules, by);
}
