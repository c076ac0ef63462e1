/** Taking modules away. Nothing else goes with them: what hung on them lies
 *  loose afterwards, or moves up when the gap is closed. */
import type { Catalogue } from "../editor";
import { type Collection, type Json, at, isCollection, put } from "../json";
import type { Edit } from "../services";
import type { Doc } from "../store";
import { type Entry, type Module, entries, list } from "../tree";
import { words } from "../words/flow";
import { dropWay, finish, flowAt, isIfElse, isOnlyEnd, isRouter, isVacant, labelOf, lay, place, take } from "./base";
import { branchAsFlow } from "./routes";
import { withFilter } from "./add";

/** Deletes modules; what followed them lies loose. */
export function remove(doc: Doc, keys: readonly string[], catalogue?: Catalogue, label?: string): Edit {
  return removing(doc, keys, false, label ?? naming(doc, keys, words.remove, words.removeMany, catalogue));
}

/** Deletes modules; what followed them moves up. A router's only route moves
 *  up as well; several cannot, and lie loose. */
export function heal(doc: Doc, keys: readonly string[], catalogue?: Catalogue): Edit {
  return removing(doc, keys, true, naming(doc, keys, words.heal, words.healMany, catalogue));
}

function naming(doc: Doc, keys: readonly string[], one: (module: string) => string, many: (count: number) => string, catalogue?: Catalogue): string {
  const chosen = entries(doc.root).filter((entry) => keys.includes(entry.key));
  const [only] = chosen;
  return chosen.length === 1 && only ? one(labelOf(only.module, catalogue)) : many(chosen.length);
}

function removing(doc: Doc, keys: readonly string[], isHealing: boolean, label: string): Edit {
  const all = entries(doc.root);
  const chosen = all.filter((entry) => keys.includes(entry.key));
  if (chosen.length === 0) return { doc, label };
  // From the end, so that places before it stay where they are.
  let root = doc.root;
  const emptied: Collection[] = [];
  for (const entry of [...chosen].reverse()) {
    const result = isHealing ? healed(root, entry) : removed(root, entry);
    root = result.root;
    if (result.emptied) emptied.push(result.emptied);
  }
  for (const way of emptied) root = dropWay(root, way);
  return finish(doc, root, label, next(all, chosen, root));
}

/** The one before, else the one after, has the focus then. */
function next(all: readonly Entry[], chosen: readonly Entry[], root: Json): string[] {
  const first = chosen[0] as Entry;
  const gone = new Set(chosen.map((entry) => entry.key));
  const left = new Set(entries(root).map((entry) => entry.key));
  let before = first.parent === undefined ? undefined : all[first.parent];
  while (before && gone.has(before.key)) before = before.parent === undefined ? undefined : all[before.parent];
  const after = all.find((entry) => entry.parent !== undefined && all[entry.parent] === first && !gone.has(entry.key));
  const key = [before, after].map((entry) => entry?.key).find((candidate) => candidate !== undefined && left.has(candidate));
  return key === undefined ? [] : [key];
}

interface Result {
  root: Json;
  emptied: Collection | undefined;
}

function removed(root: Json, entry: Entry): Result {
  const taken = take(root, entry);
  const [module, ...followers] = taken.modules;
  return { root: lay(taken.root, [followers, ...hanging(module as Module)]), emptied: taken.emptied };
}

/** The flows that hung on a module. An error route of nothing but a directive
 *  only says how that module's failures are taken: it goes with it. */
function hanging(module: Module): Json[][] {
  const routes = list(module.routes).map((route) => list(at(route, ["flow"])));
  const branches = list(module.branches).filter(isCollection).map(branchAsFlow);
  const tools = list(module.tools).map((tool) => list(at(tool, ["flow"])));
  const onerror = list(module.onerror);
  return [...routes, ...branches, ...tools, ...(isOnlyEnd(onerror) ? [] : [onerror])].filter((flow) => !isVacant(flow));
}

function healed(root: Json, entry: Entry): Result {
  const module = flowAt(root, entry.flow)[entry.position] as Module;
  const loose = hanging(module);
  const behind = flowAt(root, entry.flow).slice(entry.position + 1);
  const up = behind.length === 0 && (isRouter(module) || isIfElse(module)) && loose.length === 1 ? (loose.pop() as Json[]) : [];
  const taken = take(root, entry, 1);
  const isBare = up.length > 0 && entry.position === 0;
  const closed = isBare ? put(taken.root, entry.flow, []) : taken.root;
  const moved = up.length > 0 ? place(closed, entry, up) : closed;
  return { root: lay(joined(moved, entry, module), loose), emptied: taken.emptied };
}

/** What a filter held back does not come through because its module went: both
 *  filters hold on the line that is left. */
function joined(root: Json, entry: Entry, gone: Module): Json {
  const next = flowAt(root, entry.flow)[entry.position];
  if (!isCollection(next) || !isCollection(gone.filter)) return root;
  const filter = isCollection(next.filter) ? both(gone.filter, next.filter) : gone.filter;
  return put(root, [...entry.flow, entry.position], withFilter(next as Module, filter));
}

const MOST_GROUPS = 64;

/** Passes what both let through: OR of ANDs, so every group of one meets every
 *  group of the other. */
export function both(a: Collection, b: Collection): Collection {
  const [left, right] = [a, b].map((filter) => list(filter.conditions).map((group) => list(group)).filter((group) => group.length > 0));
  if (!left || left.length === 0) return b;
  if (!right || right.length === 0) return a;
  if (left.length * right.length > MOST_GROUPS) return b;
  const names = [a.name, b.name].filter((name): name is string => typeof name === "string" && name !== "");
  const conditions = left.flatMap((one) => right.map((other) => [...one, ...other]));
  return { ...b, name: names.length === 2 ? words.both(names[0] as string, names[1] as string) : (names[0] ?? ""), conditions };
}
