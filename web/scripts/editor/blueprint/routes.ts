/** Routes of a router and branches of an if-else: their order, the fallback,
 *  which are off; and an if-else out of a router. */
import type { Catalogue } from "../editor";
import { type Collection, type Json, type Path, at, isCollection, put } from "../json";
import type { Edit } from "../services";
import type { Doc } from "../store";
import { type Entry, type Module, list } from "../tree";
import { words } from "../words/flow";
import { IF_ELSE, beforeElse, change, fallbackOf, find, flowAt, hasMergedBranches, isElse, isIfElse, isMerge, isPlaceholder, isRouter, isVacant, labelOf, placeholder, withFallback } from "./base";
import { circle, withFilter } from "./add";

/** A way out of a router or if-else, as lists show it. */
export interface Way {
  index: number;
  /** The label of its filter or branch; empty when there is none. */
  label: string;
  /** Whether bundles must meet a condition to go there. */
  isConditional: boolean;
  /** The fallback route, or the else branch. */
  isFallback: boolean;
  isOff: boolean;
  /** Its modules, without empty circles. */
  modules: Module[];
}

export function waysOf(module: Module): Way[] {
  const fallback = fallbackOf(module);
  const routes = list(module.routes).filter(isCollection).map((route, index) => way(route, index, filterParts(list(route.flow)[0]), index === fallback));
  const branches = list(module.branches).filter(isCollection).map((branch, index) => way(branch, index, { label: String(branch.label ?? ""), conditions: list(branch.conditions) }, isElse(branch)));
  return [...routes, ...branches];
}

function way(raw: Collection, index: number, { label, conditions }: { label: string; conditions: Json[] }, isFallback: boolean): Way {
  const modules = list(raw.flow).filter((module): module is Module => isCollection(module) && !isPlaceholder(module));
  return { index, label, isConditional: conditions.length > 0, isFallback, isOff: raw.disabled === true, modules };
}

function filterParts(module: Json | undefined): { label: string; conditions: Json[] } {
  const filter = at(module, ["filter"]);
  return { label: String(at(filter, ["name"]) ?? ""), conditions: list(at(filter, ["conditions"])).filter((group) => list(group).length > 0) };
}

/** A new route, or a new branch before *else*, with an empty circle. */
export function addRoute(doc: Doc, key: string): Edit {
  if (!isIfElse(find(doc, key)?.module ?? {})) {
    return change(doc, key, words.addRoute, (module) => ({ ...module, routes: [...list(module.routes), { flow: [circle(doc.root, module)] }] }));
  }
  return changeBranches(doc, key, words.addBranch, (module) => {
    const branches = list(module.branches);
    const number = branches.filter((branch) => !isElse(branch)).length + 1;
    const branch = { type: "condition", label: words.condition(number), merge: hasMergedBranches(branches), disabled: false, conditions: [], flow: [circle(doc.root, module)] };
    return beforeElse(branches, branch);
  });
}

/** Puts the ways of a router or if-else in another order: `order` names the old
 *  index of each. The fallback mark follows its route; *else* stays last. */
export function orderRoutes(doc: Doc, key: string, order: readonly number[]): Edit {
  const module = find(doc, key)?.module;
  if (!module || !isOrder(order, list(isIfElse(module) ? module.branches : module.routes).length)) return { doc, label: words.orderRoutes };
  if (order.every((old, index) => old === index)) return { doc, label: words.orderRoutes };
  if (isIfElse(module)) {
    return changeBranches(doc, key, words.orderRoutes, () => {
      const branches = list(module.branches);
      const next = order.map((index) => branches[index] as Json);
      return [...next.filter((branch) => !isElse(branch)), ...next.filter(isElse)];
    });
  }
  return change(doc, key, words.orderRoutes, (router) => {
    const fallback = fallbackOf(router);
    const routes = order.map((index) => list(router.routes)[index] as Json);
    return withFallback({ ...router, routes }, fallback === undefined ? undefined : order.indexOf(fallback));
  });
}

function isOrder(order: readonly number[], count: number): boolean {
  return order.length === count && new Set(order).size === count && order.every((index) => Number.isInteger(index) && index >= 0 && index < count);
}

/** Marks the route that takes what no other route took; nothing for none. */
export function setFallback(doc: Doc, key: string, index: number | undefined): Edit {
  return change(doc, key, index === undefined ? words.noFallback : words.fallback, (module) => (isRouter(module) ? withFallback(module, index) : module));
}

/** Switches a route or branch off or on again. */
export function toggleRoute(doc: Doc, key: string, index: number): Edit {
  const entry = find(doc, key);
  const part = isIfElse(entry?.module ?? {}) ? "branches" : "routes";
  const isOff = at(entry?.module, [part, index, "disabled"]) === true;
  return change(doc, key, isOff ? words.routeOn : words.routeOff, (module) => {
    if (!isCollection(at(module, [part, index]))) return module;
    return put(module, [part, index, "disabled"], isOff ? undefined : true) as Module;
  });
}

/** The router or if-else that a module is the first of a way of. */
export function wayInto(entry: Entry): { owner: Path; index: number; part: "routes" | "branches" } | undefined {
  const [part, index] = [entry.flow.at(-3), entry.flow.at(-2)];
  if (entry.position !== 0 || (part !== "routes" && part !== "branches") || typeof index !== "number") return undefined;
  return { owner: entry.flow.slice(0, -3), index, part };
}

/** An edit of the branches; the merge behind has a column for each that it
 *  joins, and its columns move along. */
function changeBranches(doc: Doc, key: string, label: string, make: (module: Module) => Json[]): Edit {
  const entry = find(doc, key);
  if (!entry) return { doc, label };
  const before = list(entry.module.branches);
  const after = make(entry.module);
  const root = put(doc.root, [...entry.path, "branches"], after);
  const next = flowAt(root, entry.flow)[entry.position + 1];
  if (!isCollection(next) || !isMerge(next)) return { doc: { ...doc, root }, label };
  return { doc: { ...doc, root: put(root, [...entry.flow, entry.position + 1], remerged(next as Module, before, after)) }, label };
}

const joins = (branch: Json): boolean => isCollection(branch) && branch.merge === true;

function remerged(merge: Module, before: readonly Json[], after: readonly Json[]): Module {
  const columns = before.filter(joins);
  const from = after.filter(joins).map((branch) => columns.indexOf(branch));
  const pick = (values: Json[], empty: Json) => from.map((column) => (column < 0 ? empty : (values[column] ?? empty)));
  const outputs = list(merge.outputs).map((output) => (isCollection(output) ? { ...output, mappings: pick(list(output.mappings), "") } : output));
  return { ...merge, outputs, filters: pick(list(merge.filters), null) };
}

/** All branches lead into the merge that comes next. */
export function branchesToMerge(module: Module): Module {
  return { ...module, branches: list(module.branches).map((branch) => (isCollection(branch) ? { ...branch, merge: true } : branch)) };
}

export function mergedFilters(module: Module): Json[] {
  return list(module.branches).filter(joins).map(() => null);
}

/** An if-else with the routes of a router: the conditions move from the lines
 *  to the branches, and the fallback becomes *else*. */
export function routesToBranches(router: Module, fresh: Module): Module {
  const fallback = fallbackOf(router);
  const routes = list(router.routes).filter(isCollection);
  const isOpen = (route: Collection) => filterParts(list(route.flow)[0]).conditions.length === 0;
  // Without a fallback the last route that takes everything is what *else* is.
  const last = routes.length - 1;
  const otherwise = fallback ?? (last >= 0 && isOpen(routes[last] as Collection) ? last : undefined);
  const branches = routes.map((route, index) => branchOf(route, index === otherwise, index));
  const ordered = [...branches.filter((_, index) => index !== otherwise), ...branches.filter((_, index) => index === otherwise)];
  const hasElse = otherwise !== undefined;
  const added = hasElse ? [] : [{ type: "else", label: "", merge: false, flow: [placeholder(undefined)] }];
  return { ...fresh, branches: [...ordered, ...added] };
}

function branchOf(route: Collection, isOtherwise: boolean, index: number): Collection {
  const flow = list(route.flow);
  const [head, ...rest] = flow;
  const { label, conditions } = filterParts(head);
  const bare = isCollection(head) ? [withoutFilter(head), ...rest] : flow;
  const off = route.disabled === true;
  if (isOtherwise) return { type: "else", label, merge: false, ...(off ? { disabled: true } : {}), flow: bare };
  return { type: "condition", label: label || words.condition(index + 1), merge: false, disabled: off, conditions, flow: bare };
}

function withoutFilter(module: Collection): Collection {
  const { filter: _, ...bare } = module;
  return bare;
}

/** Makes an if-else of a router: one way runs instead of every one that fits. */
export function toIfElse(doc: Doc, key: string): Edit {
  return change(doc, key, words.ifElse, (router) => {
    if (!isRouter(router)) return router;
    const { routes: _, parameters: __, ...bare } = router;
    return routesToBranches(router, { ...bare, module: IF_ELSE, version: 1 } as Module);
  });
}

/** A loose flow that hung on a branch keeps its condition as a filter. */
export function branchAsFlow(branch: Collection): Json[] {
  const flow = list(branch.flow);
  const [head, ...rest] = flow;
  const conditions = list(branch.conditions);
  if (!isCollection(head) || isVacant(flow) || conditions.length === 0 || head.filter) return flow;
  return [withFilter(head as Module, { name: String(branch.label ?? ""), conditions }), ...rest];
}

/** A way by its label, else by its first module. */
export function titleOf(way: Way, catalogue?: Catalogue): string {
  return way.label || way.modules.map((module) => labelOf(module, catalogue))[0] || "";
}
