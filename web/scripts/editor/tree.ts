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
