/** Links: drawing one, cutting one, and dropping a loose part on one. */
import type { Catalogue } from "../editor";
import { type Json, isCollection } from "../json";
import type { Edit } from "../services";
import type { Doc } from "../store";
import { type Entry, type Module, entries } from "../tree";
import { words } from "../words/flow";
import { again, dropWay, endsFlow, find, finish, flowAt, isDirective, isVacant, labelOf, lay, place, placeOf, take, takesHandler } from "./base";
import { hang, insertFragment } from "./add";
import { COLUMN, type Point, behind, besideRoutes, broughtTo, placesOf, shifted } from "./room";

/** Draws a link from a module to another, which brings what follows it along.
 *  A text says why that cannot be. With `brings` it also comes to stand there,
 *  as when a loose module is dropped at an ear. */
export function connect(doc: Doc, from: string, to: string, catalogue?: Catalogue, options: { brings?: boolean } = {}): Edit | string {
  const [source, target] = [find(doc, from), find(doc, to)];
  if (!source || !target) return words.itself;
  const all = entries(doc.root);
  if (source === target || source.key === target.key || isBelow(all, source, target)) return words.itself;
  if (isDirective(source.module)) return words.directive;
  if (target.kind === "flow" && target.parent !== undefined && all[target.parent]?.key === source.key) return words.already;
  const taken = take(doc.root, target);
  const anchor = again(taken.root, source);
  if (!anchor) return words.itself;
  const modules = options.brings ? broughtTo(taken.root, taken.modules, placeBehind(taken.root, anchor)) : taken.modules;
  const root = dropWay(hang(taken.root, anchor, modules), taken.emptied);
  return finish(doc, root, words.connect(labelOf(source.module, catalogue), labelOf(target.module, catalogue)), [to]);
}

/** Connects a loose part to a module as its error route. */
export function connectError(doc: Doc, from: string, to: string, catalogue?: Catalogue): Edit | string {
  const [source, target] = [find(doc, from), find(doc, to)];
  if (!source || !target || source.key === target.key || isBelow(entries(doc.root), source, target)) return words.itself;
  const taken = take(doc.root, target);
  const anchor = again(taken.root, source);
  if (!anchor) return words.itself;
  if (!takesHandler(source.module)) return words.noHandler;
  const onerror = [...anchor.path, "onerror"];
  const route = flowAt(taken.root, onerror);
  const root = dropWay(place(taken.root, { flow: onerror, position: 0 }, isVacant(route) ? taken.modules : [...taken.modules]), taken.emptied);
  return finish(doc, root, words.handler(labelOf(source.module, catalogue)), [to]);
}

/** Whether a module comes somewhere after another. */
function isBelow(all: readonly Entry[], entry: Entry, above: Entry): boolean {
  for (let next: Entry | undefined = entry; next; next = next.parent === undefined ? undefined : all[next.parent]) {
    if (next.key === above.key) return true;
  }
  return false;
}

/** Cuts the link into a module: it lies loose with what follows it. */
export function disconnect(doc: Doc, key: string, catalogue?: Catalogue): Edit {
  const entry = find(doc, key);
  if (!entry || entry.parent === undefined) return { doc, label: "" };
  const taken = take(doc.root, entry);
  return finish(doc, dropWay(lay(taken.root, [taken.modules]), taken.emptied), words.disconnect(labelOf(entry.module, catalogue)), [key]);
}

/** Puts a loose part on the line that leads into a module. */
export function dropOnLink(doc: Doc, loose: string, before: string, catalogue?: Catalogue): Edit | string {
  const [part, target] = [find(doc, loose), find(doc, before)];
  if (!part || !target || part.key === target.key || isBelow(entries(doc.root), target, part)) return words.itself;
  const taken = take(doc.root, part);
  if (taken.modules.some((module) => isCollection(module) && isDirective(module))) return words.directive;
  const anchor = again(taken.root, target);
  if (!anchor) return words.itself;
  const root = dropWay(insertFragment(taken.root, anchor, standingAt(taken.modules, anchor.module), roomFor(taken.modules)), taken.emptied);
  return finish(doc, root, words.drop(labelOf(part.module, catalogue)), [loose]);
}

/** The part moved to the place of the module that makes room for it. */
function standingAt(modules: readonly Json[], module: Module): Json[] {
  const [from, to] = [placeOf(modules[0]), placeOf(module)];
  return from && to ? shifted(modules, { x: to.x - from.x, y: to.y - from.y }) : [...modules];
}

/** As wide as the part is, and a column. */
function roomFor(modules: readonly Json[]): Point {
  const columns = placesOf(modules).map((place) => place.x);
  return { x: columns.length > 0 ? Math.max(...columns) - (columns[0] as number) + COLUMN : COLUMN, y: 0 };
}

/** Where what is hung behind a module comes to stand. */
function placeBehind(root: Json, entry: Entry): Point {
  const isSplit = endsFlow(entry.module) || flowAt(root, entry.flow).length > entry.position + 1;
  return isSplit ? besideRoutes(root, entry.module) : behind(root, entry.module);
}

/** The modules that a new link from here can lead to: all that are not before. */
export function targetsOf(all: readonly Entry[], from: Entry): Entry[] {
  return all.filter((entry) => entry.key !== from.key && !isBelow(all, from, entry) && !(entry.parent !== undefined && all[entry.parent]?.key === from.key));
}

/** Makes a loose part the beginning of the scenario; what was there follows
 *  when the part is open at its end, else it lies loose. */
export function begin(doc: Doc, key: string, catalogue?: Catalogue): Edit {
  const entry = find(doc, key);
  if (!entry) return { doc, label: "" };
  const taken = take(doc.root, entry);
  const first = flowAt(taken.root, ["flow"]);
  const cleared = { ...(taken.root as object), flow: taken.modules } as Json;
  const root = dropWay(lay(cleared, [first]), taken.emptied);
  return finish(doc, root, words.connect("", labelOf(entry.module as Module, catalogue)).trim(), [key]);
}
