/** What all edits of a blueprint need: names, numbers, flows. An edit takes a
 *  document and gives another one; nothing here knows screens or servers. */
import type { Catalogue, CatalogueModule } from "../editor";
import { type Collection, type Json, type Path, at, isCollection, put } from "../json";
import type { Edit } from "../services";
import type { Doc } from "../store";
import { type Entry, type Module, entries, list, moduleId } from "../tree";

export const ROUTER = "builtin:BasicRouter";
export const IF_ELSE = "builtin:BasicIfElse";
export const MERGE = "builtin:BasicMerge";
export const PLACEHOLDER = "placeholder:Placeholder";
const DIRECTIVES = new Set(["builtin:Ignore", "builtin:Resume", "builtin:Commit", "builtin:Rollback", "builtin:Break"]);
const ORPHANS: Path = ["metadata", "designer", "orphans"];

/** The parts of a module that hold flows of others. */
const NESTED = ["routes", "branches", "tools"] as const;

export function isRouter(module: Collection): boolean {
  return module.module === ROUTER;
}

export function isIfElse(module: Collection): boolean {
  return module.module === IF_ELSE;
}

export function isMerge(module: Collection | undefined): boolean {
  return module?.module === MERGE;
}

/** Ignore, Resume, Break and so on: they end an error route. */
export function isDirective(module: Collection): boolean {
  return DIRECTIVES.has(String(module.module));
}

/** Whether a flow is nothing but directives: it only says how a failure of its
 *  module is taken, and goes wherever that module goes. */
export function isOnlyEnd(flow: readonly Json[]): boolean {
  return flow.every((module) => isCollection(module) && isDirective(module) && flowsOf(module).every((below) => below.length === 0));
}

/** Whether failures of a module can be handled: it must do something. */
export function takesHandler(module: Collection): boolean {
  return !isDirective(module) && !endsFlow(module) && !isPlaceholder(module) && !isMerge(module);
}

/** An empty circle that waits for a module. */
export function isPlaceholder(module: Collection): boolean {
  return module.module === PLACEHOLDER || module.module === "" || module.module === undefined;
}

/** What follows it stands in its routes or branches, not behind it. */
export function endsFlow(module: Collection): boolean {
  return isRouter(module) || isIfElse(module);
}

/** The user's own name of a module. */
export function ownName(module: Collection): string | undefined {
  const name = at(module, ["metadata", "designer", "name"]);
  return typeof name === "string" && name !== "" ? name : undefined;
}

/** The entry of a module in the catalogue: its version, else any of its name. */
export function described(module: Collection, catalogue: Catalogue | undefined): CatalogueModule | undefined {
  const named = catalogue?.modules.filter((entry) => entry.name === module.module) ?? [];
  return named.find((entry) => entry.version === Number(module.version)) ?? named[0];
}

/** How a module is called in sentences. */
export function labelOf(module: Collection, catalogue?: Catalogue): string {
  const name = String(module.module ?? "");
  return ownName(module) ?? described(module, catalogue)?.label ?? spaced(name.slice(name.indexOf(":") + 1).replace(/^(Basic|Action)(?=[A-Z])/, ""));
}

/** `createMessage` becomes `Create message`: the rule of `look.rs`. */
export function spaced(name: string): string {
  const parts = name.replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2").replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, "$1 $2");
  const lower = parts.replace(/ (\p{Lu})(?=\p{Ll})/gu, (_, letter: string) => ` ${letter.toLowerCase()}`);
  return lower.charAt(0).toUpperCase() + lower.slice(1);
}

/** Every module below and including these, in any flow. */
export function deep(modules: readonly Json[]): Module[] {
  const found: Module[] = [];
  const queue: Json[] = [...modules];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    if (!isCollection(next)) continue;
    found.push(next as Module);
    queue.unshift(...flowsOf(next).flat());
  }
  return found;
}

/** The flows that hang on a module: routes, branches, error route, tools. */
export function flowsOf(module: Collection): Json[][] {
  const nested = NESTED.flatMap((part) => list(module[part]).map((way) => (isCollection(way) ? list(way.flow) : [])));
  return [...nested, list(module.onerror)];
}

/** The same modules with each replaced by what `change` makes of it, at any
 *  depth. What does not change is shared. */
export function mapModules(modules: readonly Json[], change: (module: Module) => Module): Json[] {
  return modules.map((raw) => {
    if (!isCollection(raw)) return raw;
    let module: Module = raw as Module;
    for (const part of NESTED) {
      const ways = list(module[part]);
      const next = ways.map((way) => (isCollection(way) && Array.isArray(way.flow) ? withFlow(way, mapModules(way.flow, change)) : way));
      if (next.some((way, index) => way !== ways[index])) module = { ...module, [part]: next };
    }
    const onerror = list(module.onerror);
    const next = mapModules(onerror, change);
    if (next.some((item, index) => item !== onerror[index])) module = { ...module, onerror: next };
    return change(module);
  });
}

function withFlow(way: Collection, flow: Json[]): Collection {
  return flow.every((item, index) => item === list(way.flow)[index]) ? way : { ...way, flow };
}

/** All modules, connected or loose. */
export function allModules(root: Json): Module[] {
  return deep([...list(at(root, ["flow"])), ...list(at(root, ORPHANS)).flatMap((flow) => list(flow))]);
}

/** A number that no module has. */
export function nextId(root: Json): number {
  return allModules(root).reduce((most, module) => Math.max(most, moduleId(module) ?? 0), 0) + 1;
}

/** Where modules can stand. */
export interface Spot {
  flow: Path;
  position: number;
}

export function flowAt(root: Json, flow: Path): Json[] {
  return list(at(root, flow));
}

/** Puts modules into a flow. When the last one sends bundles down routes or
 *  branches, what stood behind goes on the first of them that is free. */
export function place(root: Json, { flow, position }: Spot, modules: readonly Json[]): Json {
  const items = flowAt(root, flow);
  const behind = items.slice(position);
  const last = modules.at(-1);
  if (!isCollection(last) || !endsFlow(last) || behind.length === 0 || isMerge(behind[0] as Collection)) {
    return put(root, flow, [...items.slice(0, position), ...modules, ...behind]);
  }
  return put(root, flow, [...items.slice(0, position), ...modules.slice(0, -1), intoFirstWay(last as Module, behind)]);
}

/** Hangs modules on a router's or if-else's first free way, or a new one. */
export function intoFirstWay(module: Module, flow: readonly Json[]): Module {
  const part = isIfElse(module) ? "branches" : "routes";
  const ways = list(module[part]);
  const free = ways.findIndex((way) => isCollection(way) && isVacant(list(way.flow)));
  if (free >= 0) return { ...module, [part]: ways.map((way, index) => (index === free ? { ...(way as Collection), flow: [...flow] } : way)) };
  if (part === "routes") return { ...module, routes: [...ways, { flow: [...flow] }] };
  return { ...module, branches: beforeElse(ways, { type: "condition", label: "", merge: hasMergedBranches(ways), disabled: false, conditions: [], flow: [...flow] }) };
}

/** Branches are tried in order, so that *else* comes last. */
export function beforeElse(branches: readonly Json[], branch: Collection): Json[] {
  const last = branches.at(-1);
  return isElse(last) ? [...branches.slice(0, -1), branch, last as Json] : [...branches, branch];
}

export function isElse(branch: Json | undefined): boolean {
  return isCollection(branch) && branch.type === "else";
}

export function hasMergedBranches(branches: readonly Json[]): boolean {
  return branches.length > 0 && branches.every((branch) => isCollection(branch) && branch.merge === true);
}

/** Nothing but an empty circle. */
export function isVacant(flow: readonly Json[]): boolean {
  return flow.every((module) => isCollection(module) && isPlaceholder(module) && flowsOf(module).every((below) => below.length === 0));
}

export interface Taken {
  root: Json;
  modules: Json[];
  /** A way that has nothing left; by identity, as paths move on. */
  emptied: Collection | undefined;
}

/** Takes a module and what stands behind it, or `count` of them, out of their
 *  flow. An if-else's branch gets an empty circle, as its condition stays. */
export function take(root: Json, { flow, position }: Spot, count = Number.POSITIVE_INFINITY): Taken {
  const items = flowAt(root, flow);
  const modules = items.slice(position, position + count);
  const left = [...items.slice(0, position), ...items.slice(position + count)];
  const inBranch = flow.at(-3) === "branches" && left.length === 0;
  const next = put(root, flow, inBranch ? [placeholder(placeOf(modules[0]))] : left);
  const isWay = flow.at(-3) === "routes" || flow.at(-3) === "tools";
  const way = isWay && left.length === 0 ? at(next, flow.slice(0, -1)) : undefined;
  return { root: next, modules, emptied: isCollection(way) ? way : undefined };
}

/** Takes a way away that lost its last module; the fallback mark follows. */
export function dropWay(root: Json, way: Collection | undefined): Json {
  if (!way || list(way.flow).length > 0) return root;
  for (const entry of entries(root)) {
    const route = list(entry.module.routes).indexOf(way);
    if (route >= 0) return put(root, entry.path, withoutRoute(entry.module, route));
    const tool = list(entry.module.tools).indexOf(way);
    if (tool >= 0) return put(root, [...entry.path, "tools", tool], undefined);
  }
  return root;
}

function withoutRoute(router: Module, index: number): Module {
  const routes = list(router.routes).filter((_, other) => other !== index);
  const fallback = fallbackOf(router);
  const next = fallback === undefined || fallback === index ? undefined : fallback > index ? fallback - 1 : fallback;
  return withFallback({ ...router, routes }, next);
}

/** The index of the fallback route. */
export function fallbackOf(router: Collection): number | undefined {
  const mark = at(router, ["parameters", "else"]);
  const index = typeof mark === "string" && /^\d+$/.test(mark) ? Number(mark) : mark;
  return typeof index === "number" && index >= 0 && index < list(router.routes).length ? index : undefined;
}

export function withFallback(router: Module, index: number | undefined): Module {
  if (index === fallbackOf(router) && (index !== undefined || at(router, ["parameters", "else"]) === undefined)) return router;
  return put(router, ["parameters", "else"], index) as Module;
}

/** Lays flows loose beside the scenario. */
export function lay(root: Json, flows: readonly (readonly Json[])[]): Json {
  const filled = flows.filter((flow) => !isVacant(flow));
  return filled.length === 0 ? root : put(root, ORPHANS, [...list(at(root, ORPHANS)), ...filled.map((flow) => [...flow])]);
}

/** Finds a module again after a change: by its number, else itself. */
export function again(root: Json, entry: Entry): Entry | undefined {
  const all = entries(root);
  return (entry.id === undefined ? undefined : all.find((other) => other.id === entry.id)) ?? all.find((other) => other.module === entry.module);
}

/** Ends an edit: takes away loose flows that have nothing left, and what was
 *  chosen for modules that are gone. */
export function finish(doc: Doc, root: Json, label: string, select?: string[]): Edit {
  const orphans = list(at(root, ORPHANS));
  const filled = orphans.filter((flow) => !Array.isArray(flow) || flow.length > 0 || list(at(doc.root, ORPHANS)).includes(flow));
  const next = filled.length === orphans.length ? root : put(root, ORPHANS, filled);
  const edit: Edit = { doc: { root: next, links: keptLinks(doc, next) }, label };
  return select ? { ...edit, select } : edit;
}

function keptLinks(doc: Doc, root: Json): Doc["links"] {
  const ids = (from: Json) => new Set(allModules(from).map((module) => String(moduleId(module))));
  const [before, after] = [ids(doc.root), ids(root)];
  const isGone = (link: string) => before.has(owner(link)) && !after.has(owner(link));
  if (!Object.keys(doc.links).some(isGone)) return doc.links;
  return Object.fromEntries(Object.entries(doc.links).filter(([link]) => !isGone(link)));
}

/** The number of the module that a link belongs to. */
export function owner(link: string): string {
  return link.slice(0, Math.max(0, link.indexOf(".")));
}

/** An edit of one module by its key; nothing when it is gone. */
export function change(doc: Doc, key: string, label: string, make: (module: Module) => Module): Edit {
  const entry = find(doc, key);
  if (!entry) return { doc, label };
  const module = make(entry.module);
  return module === entry.module ? { doc, label } : { doc: { ...doc, root: put(doc.root, entry.path, module) }, label };
}

export function find(doc: Doc, key: string): Entry | undefined {
  return entries(doc.root).find((entry) => entry.key === key);
}

/** An empty circle as Make writes it. */
export function placeholder(where: { x: number; y: number } | undefined): Module {
  return { id: null, module: PLACEHOLDER, metadata: { designer: where ? { x: where.x, y: where.y } : {} } };
}

/** Make's coordinates of a module. */
export function placeOf(module: Json | undefined): { x: number; y: number } | undefined {
  const [x, y] = [at(module, ["metadata", "designer", "x"]), at(module, ["metadata", "designer", "y"])];
  return typeof x === "number" && typeof y === "number" && Number.isFinite(x) && Number.isFinite(y) ? { x, y } : undefined;
}

export function movedTo(module: Module, where: { x: number; y: number }): Module {
  const moved = put(module, ["metadata", "designer", "x"], Math.round(where.x));
  return put(moved, ["metadata", "designer", "y"], Math.round(where.y)) as Module;
}
