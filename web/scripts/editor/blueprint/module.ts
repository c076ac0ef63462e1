/** Edits of single modules: place, name, on and off, filter, values, links. */
import type { Catalogue } from "../editor";
import { type Collection, type Json, type Path, at, isCollection, put, same } from "../json";
import type { Edit, Filter } from "../services";
import type { Doc } from "../store";
import { type Entry, type Module, entries, list } from "../tree";
import { words } from "../words/flow";
import { change, find, isElse, labelOf, movedTo } from "./base";
import { withFilter } from "./add";
import { wayInto } from "./routes";

/** Moves modules to places in Make's coordinates. */
export function move(doc: Doc, places: ReadonlyMap<string, { x: number; y: number }>): Edit {
  let root = doc.root;
  for (const entry of entries(doc.root)) {
    const place = places.get(entry.key);
    if (!place) continue;
    // Read again: one module may hold another that has moved as well.
    const module = movedTo(at(root, entry.path) as Module, place);
    if (!same(module, entry.module)) root = put(root, entry.path, module);
  }
  return { doc: root === doc.root ? doc : { ...doc, root }, label: words.move(places.size) };
}

/** The user's own name of a module; an empty one gives the app's name back. */
export function rename(doc: Doc, key: string, name: string, catalogue?: Catalogue): Edit {
  const entry = find(doc, key);
  const trimmed = name.trim();
  return change(doc, key, words.rename(entry ? labelOf(entry.module, catalogue) : ""), (module) => {
    if ((at(module, ["metadata", "designer", "name"]) ?? "") === trimmed) return module;
    return put(module, ["metadata", "designer", "name"], trimmed === "" ? undefined : trimmed) as Module;
  });
}

/** Switches modules off, or on again when all of them are off. */
export function toggle(doc: Doc, keys: readonly string[], catalogue?: Catalogue): Edit {
  const chosen = entries(doc.root).filter((entry) => keys.includes(entry.key));
  const isOff = chosen.length > 0 && chosen.every((entry) => entry.module.disabled === true);
  let root = doc.root;
  for (const entry of chosen) root = put(root, [...entry.path, "disabled"], isOff ? undefined : true);
  const [one, many] = isOff ? [words.on, words.onMany] : [words.off, words.offMany];
  const only = chosen[0];
  const label = chosen.length === 1 && only ? one(labelOf(only.module, catalogue)) : many(chosen.length);
  return { doc: chosen.length === 0 ? doc : { ...doc, root }, label };
}

/** The filter on the line into a module. The first module of a branch has the
 *  condition of its branch. */
export function filterOf(root: Json, entry: Entry): Filter | undefined {
  const branch = branchInto(root, entry);
  if (branch) return isElse(branch) ? undefined : { name: String(branch.label ?? ""), conditions: list(branch.conditions) };
  const { filter } = entry.module;
  return isCollection(filter) ? { ...filter, name: String(filter.name ?? ""), conditions: list(filter.conditions) } : undefined;
}

function branchInto(root: Json, entry: Entry): Collection | undefined {
  const way = wayInto(entry);
  if (way?.part !== "branches") return undefined;
  const branch = at(root, [...way.owner, "branches", way.index]);
  return isCollection(branch) ? branch : undefined;
}

/** Whether a filter can be set there: not on *else*. */
export function takesFilter(root: Json, entry: Entry): boolean {
  return entry.parent !== undefined && entry.kind !== "tool" && !isElse(branchInto(root, entry));
}

/** Sets the filter on the line into a module; nothing takes it away. */
export function setFilter(doc: Doc, key: string, filter: Filter | undefined): Edit {
  const label = filter ? words.setFilter : words.removeFilter;
  const entry = find(doc, key);
  if (!entry) return { doc, label };
  const way = wayInto(entry);
  if (way?.part === "branches") {
    const path = [...way.owner, "branches", way.index];
    const branch = at(doc.root, path);
    if (!isCollection(branch) || isElse(branch)) return { doc, label };
    const next = { ...branch, label: filter?.name ?? "", conditions: filter?.conditions ?? [] };
    return { doc: same(branch, next) ? doc : { ...doc, root: put(doc.root, path, next) }, label };
  }
  return change(doc, key, label, (module) => {
    if (same(module.filter ?? undefined, filter)) return module;
    if (filter) return module.filter === undefined ? withFilter(module, filter) : { ...module, filter };
    const { filter: _, ...bare } = module;
    return bare as Module;
  });
}

/** Writes a value inside a module: a parameter, a mapped field. */
export function setValue(doc: Doc, key: string, path: Path, value: Json | undefined, label: string): Edit {
  return change(doc, key, label, (module) => (same(at(module, path), value) ? module : (put(module, path, value) as Module)));
}
