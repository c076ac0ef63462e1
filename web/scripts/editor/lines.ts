/** What sits on the lines: filters, the order of routes, the mark of a fallback
 *  or an error route. The twin of `links.rs`. */
import { isElse } from "./blueprint";
import { type Curve, type Point, curve, pathOf, pointOn, round, wrapped } from "./geometry";
import { at, isCollection } from "./json";
import type { Mark } from "./services";
import { type Entry, list } from "./tree";
import { words } from "./words/canvas";

export interface Chip extends Point {
  /** The number of the route; empty on an error route. */
  text: string;
  title: string;
}

export interface FilterMark extends Point {
  lines: string[];
  title: string;
  /** Its own name; empty when it has none. */
  name: string;
  className: "" | "is-empty" | "is-fallback";
}

export interface Line {
  key: string;
  path: string;
  from: Point;
  to: Point;
  apps: [string, string];
  className: string;
  chip: Chip | undefined;
  filter: FilterMark;
}

const FILTER_AT = 0.5;
const CHIP_AT = 0.86;
const ERROR_AT = 0.12;

/** Where a line begins. */
export interface Source {
  entry: Entry;
  at: Point;
}

/** The line into a module that hangs on `parent`; into a merge one from each
 *  branch, drawn as one. */
export function lineInto(entry: Entry, parent: Entry, sources: readonly [Source, ...Source[]], to: Point): Line {
  const [source] = sources;
  const bow = curve(source.at, to, entry.kind);
  const fallback = isFallback(parent, entry);
  const classes = [
    entry.kind === "error" && "is-error",
    entry.kind === "tool" && "is-tool",
    entry.isOff && !entry.isOrphan && "is-off",
    fallback && "is-fallback",
  ];
  const [start, , , end] = bow;
  return {
    key: entry.key,
    path: sources.map(({ at }) => pathOf(curve(at, to, entry.kind))).join(" "),
    from: { x: round(start.x), y: round(start.y) },
    to: { x: round(end.x), y: round(end.y) },
    apps: [appOf(source.entry), appOf(entry)],
    className: classes.filter(Boolean).join(" "),
    chip: chip(entry, parent, bow),
    filter: filter(entry, parent, pointOn(bow, FILTER_AT), fallback),
  };
}

/** The part of a module's name before the colon. */
export function appOf(entry: Entry): string {
  return String(entry.module.module ?? "").split(":")[0] ?? "";
}

export function isFallback(parent: Entry, entry: Entry): boolean {
  if (entry.route === undefined || entry.kind !== "flow") return false;
  const branch = list(parent.module.branches)[entry.route];
  if (isCollection(branch) && isElse(branch)) return true;
  const mark = at(parent.module, ["parameters", "else"]);
  return mark === entry.route;
}

function chip(entry: Entry, parent: Entry, bow: Curve): Chip | undefined {
  if (entry.kind === "error") return { ...pointOn(bow, ERROR_AT), text: "", title: words.errorRoute };
  const routes = Math.max(list(parent.module.routes).length, list(parent.module.branches).length);
  if (entry.route === undefined || routes < 2) return undefined;
  return { ...pointOn(bow, CHIP_AT), text: String(entry.route + 1), title: words.route(entry.route + 1, routes) };
}

function filter(entry: Entry, parent: Entry, place: Point, fallback: boolean): FilterMark {
  const { name, has } = filterInto(entry, parent);
  const title = name || (fallback ? words.fallback : "");
  return {
    ...place,
    lines: wrapped(title, 17, 2),
    title: title || words.filter,
    name,
    className: fallback ? "is-fallback" : title === "" && !has ? "is-empty" : "",
  };
}

/** The name of what stands between two modules, and whether it holds back. */
export function filterInto(entry: Entry, parent: Entry): { name: string; has: boolean } {
  const route = entry.route === undefined ? undefined : (list(parent.module.routes)[entry.route] ?? list(parent.module.branches)[entry.route]);
  const text = (value: unknown) => (typeof value === "string" ? value.trim() : "");
  const asks = (value: unknown) => isCollection(value) && list((value as { conditions?: never }).conditions).length > 0;
  const own = isCollection(entry.module.filter) ? text(entry.module.filter.name) : "";
  return { name: own || (isCollection(route) ? text(route.label) : ""), has: asks(entry.module.filter) || asks(route) };
}

/** What a run did at the filter; nothing when it was not asked. */
export function countsOf(mark: Mark | undefined): string {
  const asked = mark ? mark.heldBack + mark.letThrough : 0;
  return mark && asked > 0 ? words.passed(mark.letThrough, asked) : "";
}
