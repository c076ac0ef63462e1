/** Loops: from the module that gives many bundles to the aggregator that puts
 *  them together again. The twin of `areas.rs`. */
import type { Point } from "./geometry";
import { at } from "./json";
import type { Entry } from "./tree";
import { words } from "./words/canvas";

export interface Area {
  /** Keys of its source and of its aggregator. */
  key: string;
  /** Keys of all modules in it. */
  keys: string[];
  path: string;
  width: number;
  /** Loops within it: 0 for the innermost. */
  level: number;
  x: number;
  y: number;
  name: string;
  title: string;
}

/** Names and badges lie below the middle of the disc, so the band does too. */
const DOWN = 20;
const WIDTH = 168;
const STEP = 16;

/** Indexes of the modules of each loop, source first; short loops first. */
export function loops(all: readonly Entry[]): number[][] {
  const found = all.map((_, index) => loopOf(all, index)).filter((chain) => chain !== undefined);
  return found.sort((a, b) => a.length - b.length);
}

/** The modules of the loop that an aggregator ends, source first. */
export function loopOf(all: readonly Entry[], aggregator: number): number[] | undefined {
  const raw = at(all[aggregator]?.module, ["parameters", "feeder"]);
  const feeder = typeof raw === "string" && /^\s*-?\d+\s*$/.test(raw) ? Number(raw) : raw;
  if (typeof feeder !== "number") return undefined;
  const chain = [aggregator];
  for (let parent = all[aggregator]?.parent; parent !== undefined; parent = all[parent]?.parent) {
    chain.push(parent);
    if (all[parent]?.id === feeder) return chain.reverse();
  }
  return undefined;
}

/** All loops as bands; outer ones come first, so that inner ones lie upon them. */
export function areas(all: readonly Entry[], places: readonly Point[]): Area[] {
  const chains = loops(all);
  const levels: number[] = [];
  chains.forEach((outer, at) => {
    const within = chains.slice(0, at).map((inner, index) => (inner.every((index) => outer.includes(index)) ? (levels[index] as number) + 1 : 0));
    levels.push(Math.max(0, ...within));
  });
  return chains.map((chain, index) => area(chain, levels[index] as number, all, places)).reverse();
}

function area(chain: readonly number[], level: number, all: readonly Entry[], places: readonly Point[]): Area {
  const points = chain.map((index) => places[index] as Point);
  const [first, last] = [all[chain[0] as number] as Entry, all[chain.at(-1) as number] as Entry];
  const start = points[0] as Point;
  const width = WIDTH + STEP * level;
  const [source, end] = [String(first.id ?? ""), String(last.id ?? "")];
  return {
    key: `${first.key}-${last.key}`,
    keys: chain.map((index) => (all[index] as Entry).key),
    path: band(points),
    width,
    level,
    x: start.x + 30,
    y: start.y + DOWN - width / 2 + 4,
    name: words.loopName(source),
    title: words.loop(source, end),
  };
}

function band(points: readonly Point[]): string {
  let path = "";
  points.forEach((to, index) => {
    const from = points[index - 1];
    if (!from) {
      path = `M${to.x} ${to.y + DOWN}`;
      return;
    }
    const middle = Math.trunc((from.x + to.x) / 2);
    path += ` C${middle} ${from.y + DOWN} ${middle} ${to.y + DOWN} ${to.x} ${to.y + DOWN}`;
  });
  return path;
}
