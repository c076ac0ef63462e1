import { type Collection, type Json, type Path, at, isCollection } from "./json";

/** A module of a blueprint. Everything that Make writes is kept, known or not. */
export interface Module extends Collection {
  module: string;
}

/** How a module hangs on the one before it. */
export type Kind = "flow" | "error" | "tool";

/** A module in the tree of what follows what. Parents come before children:
 *  the twin of `crates/web/src/diagram/tree.rs`. */
export interface Entry {
  /** Names it in this document: its id, or its place when it has none. */
  key: string;
  /** Its id; nothing for placeholders without one. */
  id: number | undefined;
  module: Module;
  /** Where it stands in the document. */
  path: Path;
  /** The flow it stands in, and its position there. */
  flow: Path;
  position: number;
  /** Index of the one before it. */
  parent: number | undefined;
  kind: Kind;
  /** The route or branch of its parent that it begins, from 0. */
  route: number | undefined;
  /** Switched off, or on a route that is, or loose. */
  isOff: boolean;
  /** Lies on the canvas without being connected. */
  isOrphan: boolean;
}

const MOST_LEVELS = 150;

interface Start {
  parent: number | undefined;
  kind: Kind;
  route: number | undefined;
  isOff: boolean;
  isOrphan: boolean;
}

/** Walks all flows in drawing order; loose modules come last. */
export function entries(root: Json): Entry[] {
  const found: Entry[] = [];
  walk(root, ["flow"], { parent: undefined, kind: "flow", route: undefined, isOff: false, isOrphan: false }, 0, found);
  const orphans: Path = ["metadata", "designer", "orphans"];
  list(at(root, orphans)).forEach((_, index) =>
    walk(root, [...orphans, index], { parent: undefined, kind: "flow", route: undefined, isOff: true, isOrphan: true }, 0, found),
  );
  return found;
}

function walk(root: Json, flow: Path, start: Start, level: number, found: Entry[]): void {
  if (level > MOST_LEVELS) return;
  let next = start;
  list(at(root, flow)).forEach((raw, position) => {
    if (!isCollection(raw)) return;
    const module = raw as Module;
    const path = [...flow, position];
    const id = moduleId(module);
    const isOff = next.isOff || module.disabled === true;
    const index = found.length;
    found.push({ key: id === undefined ? `@${path.join("/")}` : String(id), id, module, path, flow, position, ...next, isOff });
    const below = (kind: Kind, route: number | undefined, isOff: boolean): Start => ({ parent: index, kind, route, isOff, isOrphan: next.isOrphan });
    for (const part of ["routes", "branches"]) {
      list(module[part]).forEach((route, at) => {
        const off = isOff || (isCollection(route) && route.disabled === true);
        walk(root, [...path, part, at, "flow"], below("flow", at, off), level + 1, found);
      });
    }
    walk(root, [...path, "onerror"], below("error", undefined, isOff), level + 1, found);
    list(module.tools).forEach((_, at) => walk(root, [...path, "tools", at, "flow"], below("tool", at, isOff), level + 1, found));
    next = { parent: index, kind: "flow", route: undefined, isOff: next.isOff, isOrphan: next.isOrphan };
  });
}

/** Its id; digits in a text are accepted, as the server does. */
export function moduleId(module: Collection): number | undefined {
  const id = module.id;
  if (typeof id === "number" && Number.isSafeInteger(id)) return id;
  return typeof id === "string" && /^\s*-?\d+\s*$/.test(id) ? Number(id) : undefined;
}

export function list(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

/** Whether it joins the branches of the if-else before it. */
export function joinsBranches(entry: Entry): boolean {
  return entry.kind === "flow" && entry.route === undefined && entry.parent !== undefined && entry.module.module === "builtin:BasicMerge";
}

/** What the lines into a module come from: the one before it; for a merge the
 *  ends of the branches that go on, in their order. */
export function sourcesOf(all: readonly Entry[], entry: Entry): Entry[] {
  const parent = entry.parent === undefined ? undefined : all[entry.parent];
  if (!parent) return [];
  if (!joinsBranches(entry)) return [parent];
  const branches = list(parent.module.branches);
  const goesOn = (route: number) => isCollection(branches[route]) && branches[route].merge !== false;
  // The end of each branch, by its number: modules stand behind their parents.
  const ends = new Map<number, number>();
  const at = all.indexOf(entry);
  for (let index = (entry.parent as number) + 1; index < at; index += 1) {
    const other = all[index] as Entry;
    if (other.kind !== "flow") continue;
    if (other.route === undefined) {
      for (const [route, end] of ends) if (end === other.parent) ends.set(route, index);
    } else if (other.parent === entry.parent && goesOn(other.route)) ends.set(other.route, index);
  }
  const sources = [...ends].sort(([a], [b]) => a - b).map(([, end]) => all[end] as Entry);
  const hasEmpty = branches.some((_, route) => goesOn(route) && !ends.has(route));
  return hasEmpty || sources.length === 0 ? [...sources, parent] : sources;
}
