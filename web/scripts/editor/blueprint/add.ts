/** Putting modules in: behind one, on a line, on a new route, as an error
 *  handler, loose, or in the place of another. */
import type { Catalogue, CatalogueModule } from "../editor";
import { type Collection, type Json, at, isCollection, put } from "../json";
import type { Edit, Where } from "../services";
import { kept, linksKept, linksLike, skeleton } from "../skeleton";
import type { Doc } from "../store";
import { type Entry, type Module, entries, list, moduleId } from "../tree";
import { words } from "../words/flow";
import { PLACEHOLDER, ROUTER, deep, described, find, finish, flowAt, flowsOf, intoFirstWay, isDirective, isIfElse, isMerge, isPlaceholder, isRouter, isVacant, labelOf, lay, movedTo, nextId, place, placeOf, takesHandler } from "./base";
import { kindsOf } from "./feeder";
import { COLUMN, type Point, behind, behindBranches, besideRoutes, freePlace, gapBefore, shifted, underneath } from "./room";
import { branchesToMerge, mergedFilters, routesToBranches } from "./routes";

/** Adds a new module of the catalogue. Answers with the document as it was
 *  when the place is gone. */
export function add(doc: Doc, where: Where, entry: CatalogueModule, catalogue?: Catalogue): Edit {
  if ("instead" in where) return replace(doc, where.instead, entry, catalogue);
  const anchor = anchorOf(doc, where);
  // An empty circle is filled, not followed.
  if (anchor && "after" in where && isVacant([anchor.module])) return replace(doc, anchor.key, entry, catalogue);
  if (!anchor && !("place" in where)) return { doc, label: words.add(entry.label) };
  const id = nextId(doc.root);
  const before = chain(entries(doc.root), anchor && (("before" in where) ? parentOf(doc, anchor) : anchor));
  const make = (place: Point) => skeleton(entry, { id, place, before, kinds: kindsOf(catalogue) });
  const root = putIn(doc.root, where, anchor, make);
  const label = "error" in where && anchor ? words.handler(labelOf(anchor.module, catalogue)) : "before" in where ? words.insert(entry.label) : words.add(entry.label);
  const edit = finish(doc, root, label, [String(id)]);
  const links = linksLike(entry, id, entries(doc.root), doc.links);
  return Object.keys(links).length === 0 ? edit : { ...edit, doc: { ...edit.doc, links: { ...edit.doc.links, ...links } } };
}

function anchorOf(doc: Doc, where: Where): Entry | undefined {
  if ("after" in where) return find(doc, where.after);
  if ("before" in where) return find(doc, where.before);
  if ("error" in where) return find(doc, where.error);
  return undefined;
}

function parentOf(doc: Doc, entry: Entry): Entry | undefined {
  return entry.parent === undefined ? undefined : entries(doc.root)[entry.parent];
}

/** A module and those before it, nearest first. */
export function chain(all: readonly Entry[], entry: Entry | undefined): Module[] {
  const found: Module[] = [];
  for (let next = entry; next; next = next.parent === undefined ? undefined : all[next.parent]) found.push(next.module);
  return found;
}

function putIn(root: Json, where: Where, anchor: Entry | undefined, make: (place: Point) => Module): Json {
  if ("place" in where) return putLoose(root, make(freePlace(root, where.place)));
  if (!anchor) return root;
  if ("error" in where) return handle(root, anchor, make(underneath(root, anchor.module)));
  if ("before" in where) return insertBefore(root, anchor, make);
  return putAfter(root, anchor, make, "after" in where && where.insert === true);
}

/** The first module of an empty scenario, else a loose one. */
function putLoose(root: Json, module: Module): Json {
  return isVacant(flowAt(root, ["flow"])) ? put(root, ["flow"], [module]) : lay(root, [[module]]);
}

/** On the line that leads into a module. The filter of that line stays where
 *  bundles meet it first, so that nothing new runs for what it holds back. */
function insertBefore(root: Json, entry: Entry, make: (place: Point) => Module): Json {
  const gap = gapBefore(root, entry.key);
  const own = placeOf(entry.module) ?? { x: 0, y: 0 };
  const isFirst = entry.parent === undefined;
  const where = gap ?? (isFirst ? freePlace(root, { x: own.x - COLUMN, y: own.y }) : own);
  return insertFragment(root, entry, [make(where)], gap || isFirst ? undefined : { x: COLUMN, y: 0 });
}

/** Puts modules on a line; what follows makes room. */
export function insertFragment(root: Json, entry: Entry, fragment: readonly Json[], room?: Point): Json {
  const items = flowAt(root, entry.flow);
  const following = items.slice(entry.position);
  const [next, ...rest] = room ? shifted(following, room) : following;
  const { filter, ...bare } = next as Module;
  const [head, ...tail] = fragment as [Module, ...Json[]];
  const isFiltered = filter !== undefined && filter !== null && head.filter === undefined;
  const first = isFiltered ? withFilter(head, filter) : head;
  const cut = put(root, entry.flow, [...items.slice(0, entry.position), isFiltered ? bare : (next as Json), ...rest]);
  return place(cut, { flow: entry.flow, position: entry.position }, [first, ...tail]);
}

/** With a filter where Make writes it: before the mapper. */
export function withFilter(module: Module, filter: Json): Module {
  const { id, module: name, version, parameters, filter: _, ...rest } = module;
  const head = Object.fromEntries(Object.entries({ id, module: name, version, parameters }).filter(([, value]) => value !== undefined));
  return { ...head, filter, ...rest } as unknown as Module;
}

function putAfter(root: Json, entry: Entry, make: (place: Point) => Module, isInsert: boolean): Json {
  const next = flowAt(root, entry.flow)[entry.position + 1];
  const follower = isCollection(next) ? entries(root).find((other) => other.flow === entry.flow || same(other, entry, 1)) : undefined;
  if (isInsert && follower && !isMergeAfterIfElse(entry.module, next)) return insertBefore(root, follower, make);
  const where = isRouter(entry.module) || isIfElse(entry.module) || next !== undefined ? besideRoutes(root, entry.module) : behind(root, entry.module);
  const made = make(where);
  return hang(root, entry, [isMerge(made) ? movedTo(made, behindBranches(root, entry.module)) : made]);
}

function same(other: Entry, entry: Entry, ahead: number): boolean {
  return other.position === entry.position + ahead && other.flow.length === entry.flow.length && other.flow.every((step, index) => step === entry.flow[index]);
}

function isMergeAfterIfElse(module: Module, next: Json | undefined): boolean {
  return isIfElse(module) && isMerge(next as Collection | undefined);
}

/** Hangs modules behind one: at the end of its flow, on a free or a new route;
 *  and where something follows already, a router comes in by itself. */
export function hang(root: Json, entry: Entry, fragment: readonly Json[]): Json {
  const { module, flow, position } = entry;
  const [head] = fragment as [Module];
  if (isVacant([module])) return place(put(root, entry.path, undefined), { flow, position }, fragment);
  if (isIfElse(module) && isMerge(head)) return mergeBranches(root, entry, fragment);
  if (isRouter(module) || isIfElse(module)) return put(root, entry.path, fillingFree(module, fragment));
  if (isDirective(module)) return place(root, { flow, position }, fragment);
  const items = flowAt(root, flow);
  const following = items.slice(position + 1);
  const next = following[0];
  if (isVacant(following)) return put(root, flow, [...items.slice(0, position + 1), ...fragment]);
  // The end of an error route stays its end.
  if (isCollection(next) && isDirective(next)) return place(put(root, flow, [...items.slice(0, position + 1), ...shifted(following, { x: COLUMN, y: 0 })]), { flow, position: position + 1 }, fragment);
  if (isCollection(next) && isRouter(next)) return put(root, [...flow, position + 1], intoFirstWay(next as Module, fragment));
  return put(root, flow, [...items.slice(0, position + 1), splitting(root, module, following, fragment)]);
}

/** New modules take the place of the circle they fill. */
function fillingFree(module: Module, fragment: readonly Json[]): Module {
  const part = isIfElse(module) ? "branches" : "routes";
  const way = list(module[part]).find((candidate) => isCollection(candidate) && list(candidate.flow).length > 0 && isVacant(list(candidate.flow)));
  const circle = isCollection(way) ? placeOf(list(way.flow)[0]) : undefined;
  const from = placeOf(fragment[0]);
  const by = circle && from ? { x: circle.x - from.x, y: circle.y - from.y } : undefined;
  return intoFirstWay(module, by ? shifted(fragment, by) : fragment);
}

/** A router with what was there on its first route and what is new on the second. */
function splitting(root: Json, before: Module, following: readonly Json[], fragment: readonly Json[]): Module {
  const from = placeOf(before) ?? { x: 0, y: 0 };
  const first = placeOf(following[0]);
  const hasGap = first !== undefined && first.x - from.x >= 2 * 230;
  const router = { x: hasGap && first ? Math.round((from.x + first.x) / 2) : from.x + COLUMN, y: from.y };
  const moved = hasGap ? following : shifted(following, { x: COLUMN, y: 0 });
  const numbers = [nextId(root), ...deep(fragment).map((module) => (moduleId(module) ?? 0) + 1)];
  const beside = placeOf(fragment[0]);
  const aligned = beside && first ? shifted(fragment, { x: (hasGap ? first.x : first.x + COLUMN) - beside.x, y: 0 }) : fragment;
  return {
    id: Math.max(...numbers),
    module: ROUTER,
    version: 1,
    mapper: null,
    metadata: { designer: { x: Math.round(router.x), y: Math.round(router.y) } },
    routes: [{ flow: [...moved] }, { flow: [...aligned] }],
  };
}

/** A merge joins all branches of the if-else before it. */
function mergeBranches(root: Json, entry: Entry, fragment: readonly Json[]): Json {
  const branching = branchesToMerge(entry.module);
  const [head, ...tail] = fragment as [Module, ...Json[]];
  const merge = { ...head, filters: mergedFilters(branching) };
  return place(put(root, entry.path, branching), { flow: entry.flow, position: entry.position + 1 }, [merge, ...tail]);
}

/** An error route begins with the new module; a directive ends it, in the
 *  place of the one that ended it before. */
export function handle(root: Json, entry: Entry, module: Module): Json {
  if (!takesHandler(entry.module)) return root;
  const route = list(entry.module.onerror);
  const last = route.at(-1);
  const isEnded = isCollection(last) && isDirective(last);
  if (!isDirective(module)) return put(root, [...entry.path, "onerror"], [module, ...route]);
  return put(root, [...entry.path, "onerror"], [...(isEnded ? route.slice(0, -1) : route), module]);
}

/** Puts another module in the place of one. It keeps the number, its place, the
 *  filter before it and every value that still fits. */
export function replace(doc: Doc, key: string, entry: CatalogueModule, catalogue?: Catalogue): Edit {
  const old = find(doc, key);
  if (!old) return { doc, label: words.add(entry.label) };
  const isNew = old.id === undefined || isPlaceholder(old.module);
  const id = old.id ?? nextId(doc.root);
  const all = entries(doc.root);
  const before = chain(all, old).slice(1);
  const fresh = skeleton(entry, { id, place: placeOf(old.module) ?? { x: 0, y: 0 }, before, kinds: kindsOf(catalogue) });
  const was = described(old.module, catalogue);
  const filled = isNew ? fresh : kept(old.module, was, entry, fresh);
  const root = swap(doc.root, old, keepingAround(old.module, filled));
  const label = isNew ? words.add(entry.label) : words.replace(labelOf(old.module, catalogue), entry.label);
  const edit = finish(doc, root, label, [String(id)]);
  const links = isNew ? { ...edit.doc.links, ...linksLike(entry, id, all, doc.links) } : linksKept(id, was, entry, edit.doc.links);
  return { ...edit, doc: { ...edit.doc, links } };
}

/** The filter into it, its error route and whether it is off stay. */
function keepingAround(old: Module, fresh: Module): Module {
  let module = fresh;
  if (old.filter !== undefined) module = withFilter(module, old.filter);
  if (old.disabled === true) module = { ...module, disabled: true };
  const hasHandler = list(old.onerror).length > 0 && !isDirective(fresh) && !isRouter(fresh) && !isIfElse(fresh);
  return hasHandler ? { ...module, onerror: old.onerror as Json } : module;
}

/** Routes go over to a router or an if-else; otherwise they would hang in the
 *  air: one goes on behind the new module, several lie loose. */
function swap(root: Json, old: Entry, fresh: Module): Json {
  const ways = [...list(old.module.routes), ...list(old.module.branches)].filter((way) => isCollection(way) && !isVacant(list(way.flow)));
  const lost = fresh.onerror === undefined ? list(old.module.onerror) : [];
  const spot = { flow: old.flow, position: old.position };
  const items = flowAt(root, old.flow);
  const without = put(root, old.flow, [...items.slice(0, old.position), ...items.slice(old.position + 1)]);
  const base = lay(without, [lost]);
  if (isRouter(old.module) && isRouter(fresh)) return put(root, old.path, { ...fresh, ...old.module, module: fresh.module });
  if (isRouter(old.module) && isIfElse(fresh) && ways.length > 0) return place(base, spot, [routesToBranches(old.module, fresh)]);
  const flows = ways.map((way) => list((way as Collection).flow));
  if (ways.length === 1 && !isRouter(fresh) && !isIfElse(fresh)) return place(base, spot, [fresh, ...(flows[0] ?? [])]);
  if (ways.length > 0 && isRouter(fresh)) return place(base, spot, [{ ...fresh, routes: flows.map((flow) => ({ flow })) }]);
  const tools = flowsOf({ tools: old.module.tools ?? [] });
  return lay(place(base, spot, [fresh]), [...flows, ...tools]);
}

/** An empty circle in a new route or branch. */
export function circle(root: Json, module: Module): Module {
  const where = besideRoutes(root, module);
  return { id: null, module: PLACEHOLDER, metadata: { designer: { x: Math.round(where.x), y: Math.round(where.y) } } };
}

/** What stands at a key, as seen by an edit. */
export function moduleAt(doc: Doc, key: string): Module | undefined {
  const entry = find(doc, key);
  return entry && (at(doc.root, entry.path) as Module | undefined);
}
