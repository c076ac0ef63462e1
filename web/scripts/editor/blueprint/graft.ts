/** Taking copies of modules out of a document, and putting them into one. */
import { type Collection, type Json, type Path, at, isCollection, put } from "../json";
import type { Edit } from "../services";
import type { Doc } from "../store";
import { type Entry, type Module, entries, list, moduleId } from "../tree";
import { words } from "../words/flow";
import { deep, fallbackOf, find, finish, flowAt, isOnlyEnd, isPlaceholder, isVacant, lay, mapModules, nextId, owner, placeholder, placeOf, withFallback } from "./base";
import { hang } from "./add";
import { notesOf } from "./notes";
import { renumbered, renumberedLinks, renumberedNote } from "./references";
import { type Point, ROW, behind, freeShift, placesOf, shifted } from "./room";

/** Modules outside of any document, with what belongs to them. */
export interface Fragment {
  /** Each is connected in itself. */
  flows: Json[][];
  notes: Json[];
  /** By the old numbers. */
  links: Record<string, Json>;
}

export function countOf(fragment: Fragment): number {
  return fragment.flows.flatMap((flow) => deep(flow)).filter((module) => !isPlaceholder(module)).length;
}

/** Copies what is selected. Modules that follow one another stay connected; an
 *  error route of nothing but a directive comes along with its module. */
export function pick(doc: Doc, keys: readonly string[]): Fragment {
  const chosen = new Set(keys);
  const byPath = new Map(entries(doc.root).map((entry) => [entry.path.join("/"), entry]));
  const picked = pickFlows(doc.root, byPath, chosen);
  const ids = new Set(picked.flatMap((flow) => deep(flow)).map(moduleId).filter((id) => id !== undefined));
  const notes = notesOf(doc.root).filter((note) => note.modules.length > 0 && note.modules.every((id) => ids.has(id)));
  const links = Object.entries(doc.links).filter(([link]) => ids.has(Number(owner(link))));
  return { flows: picked, notes: notes.map((note) => at(doc.root, note.path) as Json), links: Object.fromEntries(links) };
}

function pickFlows(root: Json, byPath: ReadonlyMap<string, Entry>, chosen: ReadonlySet<string>): Json[][] {
  const starts: Path[] = [["flow"], ...list(at(root, ["metadata", "designer", "orphans"])).map((_, index): Path => ["metadata", "designer", "orphans", index])];
  return starts.flatMap((flow) => {
    const { head, loose } = pickFlow(root, flow, byPath, chosen);
    return head.length > 0 ? [head, ...loose] : loose;
  });
}

interface Picked {
  /** What is selected from the beginning of the flow on. */
  head: Json[];
  /** What is selected further on, in parts. */
  loose: Json[][];
}

function pickFlow(root: Json, flow: Path, byPath: ReadonlyMap<string, Entry>, chosen: ReadonlySet<string>): Picked {
  const runs: Json[][] = [];
  const loose: Json[][] = [];
  let run: Json[] = [];
  const items = flowAt(root, flow);
  items.forEach((raw, position) => {
    const path = [...flow, position];
    const entry = byPath.get(path.join("/"));
    const isChosen = entry !== undefined && chosen.has(entry.key);
    if (!isChosen && run.length > 0) {
      runs.push(run);
      run = [];
    }
    if (!isCollection(raw)) return;
    const nested = pickNested(root, path, raw as Module, isChosen, byPath, chosen);
    if (isChosen) run.push(nested.module);
    loose.push(...nested.loose);
  });
  if (run.length > 0) runs.push(run);
  const isFromStart = runs.length > 0 && chosen.has(byPath.get([...flow, 0].join("/"))?.key ?? "");
  return { head: isFromStart ? (runs.shift() as Json[]) : [], loose: [...runs, ...loose] };
}

function pickNested(root: Json, path: Path, module: Module, isChosen: boolean, byPath: ReadonlyMap<string, Entry>, chosen: ReadonlySet<string>): { module: Module; loose: Json[][] } {
  const loose: Json[][] = [];
  const below = (flow: Path): Json[] => {
    const picked = pickFlow(root, [...path, ...flow], byPath, chosen);
    loose.push(...picked.loose);
    if (!isChosen && picked.head.length > 0) loose.push(picked.head);
    return isChosen ? picked.head : [];
  };
  let next: Module = module;
  if (Array.isArray(module.routes)) {
    const fallback = fallbackOf(module);
    const routes = list(module.routes).map((route, index) => ({ ...(route as Collection), flow: below(["routes", index, "flow"]) }));
    const kept = routes.map((_, index) => index).filter((index) => (routes[index]?.flow.length ?? 0) > 0);
    const marked = withFallback({ ...next, routes: kept.map((index) => routes[index] as Json) }, undefined);
    next = fallback !== undefined && kept.includes(fallback) ? withFallback(marked, kept.indexOf(fallback)) : marked;
  }
  if (Array.isArray(module.branches)) {
    const branches = list(module.branches).map((branch, index) => {
      const flow = below(["branches", index, "flow"]);
      return { ...(branch as Collection), flow: flow.length > 0 ? flow : [placeholder(placeOf(list((branch as Collection).flow)[0]))] };
    });
    next = { ...next, branches };
  }
  if (Array.isArray(module.tools)) {
    const tools = list(module.tools).map((tool, index) => ({ ...(tool as Collection), flow: below(["tools", index, "flow"]) }));
    next = { ...next, tools: tools.filter((tool) => tool.flow.length > 0) };
  }
  if (Array.isArray(module.onerror)) {
    const route = isChosen && isOnlyEnd(module.onerror) ? module.onerror : below(["onerror"]);
    const { onerror: _, ...bare } = next;
    next = (route.length > 0 ? { ...next, onerror: route } : bare) as Module;
  }
  return { module: next, loose };
}

export interface PasteOptions {
  /** Make's coordinates of the upper left corner. */
  at?: Point;
  /** The module behind which the first flow is hung. */
  after?: string;
  /** Numbers that are free are kept, so that a cut and a paste are a move. */
  keepsNumbers?: boolean;
  label?: string;
}

/** Puts a fragment in under new numbers; what refers to each other inside of it
 *  goes on doing so. The first flow begins an empty scenario. */
export function paste(doc: Doc, fragment: Fragment, options: PasteOptions = {}): Edit {
  const numbers = numbering(doc.root, fragment, options.keepsNumbers === true);
  const all = fragment.flows.flat();
  const by = shiftFor(doc, fragment, options);
  const flows = fragment.flows.map((flow) => shifted(mapModules(flow.filter(isCollection), (module) => renumbered(module, numbers)), by)).filter((flow) => flow.length > 0);
  const label = options.label ?? words.paste(countOf(fragment));
  if (flows.length === 0) return { doc, label };
  const root = withNotes(graft(doc, flows, options), fragment.notes.map((note) => renumberedNote(note, numbers, by)));
  const fresh = new Set(deep(all).map((module) => numbers.get(moduleId(module) ?? -1)));
  const select = [...fresh].filter((id) => id !== undefined).map(String);
  const edit = finish(doc, root, label, select);
  const links = renumberedLinks(fragment.links, numbers);
  return Object.keys(links).length === 0 ? edit : { ...edit, doc: { ...edit.doc, links: { ...edit.doc.links, ...links } } };
}

function graft(doc: Doc, flows: Json[][], options: PasteOptions): Json {
  const [first, ...others] = flows as [Json[], ...Json[][]];
  const anchor = options.after === undefined ? undefined : find(doc, options.after);
  if (anchor) return lay(hang(doc.root, anchor, first), others);
  if (isVacant(flowAt(doc.root, ["flow"]))) return lay(put(doc.root, ["flow"], first), others);
  return lay(doc.root, flows);
}

/** A new number for each module; numbers that occur twice in what is pasted
 *  mean its first module in references. */
function numbering(root: Json, fragment: Fragment, keepsNumbers: boolean): Map<number, number> {
  const numbers = new Map<number, number>();
  const ids = fragment.flows.flatMap((flow) => deep(flow)).map(moduleId).filter((id) => id !== undefined);
  const taken = new Set(entries(root).map((entry) => entry.id));
  const isMove = keepsNumbers && ids.every((id) => !taken.has(id));
  let next = nextId(root);
  for (const id of ids) {
    if (numbers.has(id)) continue;
    numbers.set(id, isMove ? id : next);
    next += 1;
  }
  return numbers;
}

function shiftFor(doc: Doc, fragment: Fragment, options: PasteOptions): Point {
  const places = placesOf(fragment.flows.flat());
  if (places.length === 0) return { x: 0, y: 0 };
  const [x, y] = [Math.min(...places.map((place) => place.x)), Math.min(...places.map((place) => place.y))];
  const anchor = options.after === undefined ? undefined : find(doc, options.after);
  const corner = options.at ?? (anchor ? behind(doc.root, anchor.module) : { x, y: y + ROW });
  return freeShift(doc.root, places, { x: Math.round(corner.x - x), y: Math.round(corner.y - y) });
}

function withNotes(root: Json, notes: readonly Json[]): Json {
  if (notes.length === 0) return root;
  const before = at(root, ["metadata", "notes"]);
  return put(root, ["metadata", "notes"], [...(typeof before === "string" ? [before] : list(before)), ...notes]);
}

/** The same once more, beside it. */
export function duplicate(doc: Doc, keys: readonly string[]): Edit {
  const fragment = pick(doc, keys);
  return paste(doc, fragment, { label: words.duplicate(countOf(fragment)) });
}

/** The whole of a blueprint as a fragment. */
export function whole(root: Json): Fragment {
  const orphans = list(at(root, ["metadata", "designer", "orphans"])).map((flow) => list(flow));
  const flows = [flowAt(root, ["flow"]), ...orphans].map((flow) => flow.filter((module) => isCollection(module))).filter((flow) => flow.length > 0);
  return { flows, notes: notesOf(root).map((note) => at(root, note.path) as Json), links: {} };
}

