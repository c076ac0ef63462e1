/** What stands in the fields of a form, and how Make's editor notes the way it
 *  was entered. Pure: no page, no document of its own. */
import type { Field } from "../editor";
import { type Collection, type Json, type Path, at, isCollection, put, same } from "../json";

/** What is chosen for these stands as a link beside the document. */
export const LINKED_TYPES: ReadonlySet<Field["type"]> = new Set<Field["type"]>(["connection", "keychain", "hook", "datastore", "structure", "scenario"]);

/** `chose`: picked or entered in controls; `edit`: one mapped text instead. */
export type Mode = "chose" | "edit";

/** A text that has to be worked out in the run. */
export function isMapped(value: Json | undefined): boolean {
  return typeof value === "string" && value.includes("{{");
}

export function isEmpty(value: Json | undefined): boolean {
  return value === undefined || value === null || value === "";
}

/** How a field was entered: what stands there decides, and where that says
 *  nothing the note that Make's editor left in `metadata.restore`. */
export function modeOf(field: Pick<Field, "type" | "spec" | "dynamic">, value: Json | undefined, restore: Json | undefined): Mode {
  const noted = isCollection(restore) && (restore.mode === "chose" || restore.mode === "edit") ? restore.mode : undefined;
  if (field.type === "array" || field.type === "collection") {
    if (typeof value === "string" && value !== "") return "edit";
    if (Array.isArray(value) || isCollection(value)) return "chose";
    // Of what takes anything nothing is known that could be asked for: it is
    // mapped, such as the array of an iterator.
    const isOpen = !field.spec?.length && !field.dynamic;
    return noted ?? (isOpen ? "edit" : "chose");
  }
  if (isMapped(value)) return "edit";
  if (typeof value === "boolean") return "chose";
  return noted ?? "chose";
}

/** The text of a value in a field for mapped text. */
export function asText(value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** What to keep for a text: a plain number or yes/no stays one when it was one
 *  before, so that an untouched type survives. */
export function fromText(text: string, before: Json | undefined): Json {
  if (typeof before === "number" && text.trim() !== "" && String(Number(text)) === text.trim()) return Number(text);
  if (typeof before === "boolean" && (text === "true" || text === "false")) return text === "true";
  return text;
}

/** The value of a choice, of the type that stands there now. */
export function choiceValue(option: string, before: Json | undefined): Json {
  if (typeof before === "boolean" && (option === "true" || option === "false")) return option === "true";
  if (typeof before === "number" && String(Number(option)) === option) return Number(option);
  return option;
}

/** Whether a field shows with this value of the field that it hangs on. */
export function isShown(field: Pick<Field, "shown">, value: Json | undefined, fallback: string | undefined): boolean {
  if (!field.shown) return true;
  // What is worked out in the run may be any of the values.
  if (isMapped(value)) return true;
  return field.shown.values.includes(isEmpty(value) ? (fallback ?? "") : asText(value));
}

/** Moves an item of a list; the list itself stays as it is. */
export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const copy = [...list];
  const [item] = copy.splice(from, 1);
  if (item !== undefined) copy.splice(Math.max(0, Math.min(to, copy.length)), 0, item);
  return copy;
}

export function without<T>(list: readonly T[], index: number): T[] {
  return list.filter((_, at) => at !== index);
}

/** The note of a list after a change of its items, in step with them. */
export function restoredItems(restore: Json | undefined, before: number, change: (items: Json[]) => Json[]): Collection {
  const old = isCollection(restore) ? restore : {};
  const items = Array.isArray(old.items) ? [...old.items] : [];
  while (items.length < before) items.push(null);
  return { ...old, mode: "chose", items: change(items.slice(0, before)) };
}

/** The note of a choice: its label, and that it was chosen. */
export function restoredChoice(restore: Json | undefined, label: string, isMappable: boolean): Collection {
  const old = isCollection(restore) ? restore : {};
  // The path in a file picker and the fields that hung on the old choice are
  // of another choice now.
  const { path: _path, nested: _nested, ...kept } = old;
  return isMappable || kept.mode !== undefined ? { ...kept, mode: "chose", label } : { ...kept, label };
}

export function restoredMode(restore: Json | undefined, mode: Mode): Collection {
  const old: Collection = isCollection(restore) ? restore : {};
  if (mode === "chose") return { ...old, mode };
  const { label: _label, items: _items, ...kept } = old;
  return { ...kept, mode };
}

/** Gives an entry of a collection another name, in its place. */
export function renamed(collection: Collection, from: string, to: string): Collection {
  if (from === to || Object.hasOwn(collection, to)) return collection;
  return Object.fromEntries(Object.entries(collection).map(([name, value]) => [name === from ? to : name, value]));
}

/** A name that the collection does not have yet. */
export function freeName(collection: Collection, wish: string): string {
  if (!Object.hasOwn(collection, wish)) return wish;
  for (let number = 2; ; number += 1) if (!Object.hasOwn(collection, `${wish}${number}`)) return `${wish}${number}`;
}

/** Puts several values; taking away what is not there makes nothing. */
export function putAll(root: Json, base: Path, changes: readonly (readonly [Path, Json | undefined])[]): Json {
  let next = root;
  for (const [path, value] of changes) {
    const full = [...base, ...path];
    const before = at(next, full);
    if (value === undefined ? before === undefined : before !== undefined && same(before, value) && typeof before === typeof value) continue;
    next = put(next, full, value);
  }
  return next;
}

/** Names in a collection that none of the fields has. */
export function leftOver(value: Json | undefined, fields: readonly Pick<Field, "name">[]): string[] {
  if (!isCollection(value)) return [];
  const known = new Set(fields.map((field) => field.name));
  return Object.keys(value).filter((name) => !known.has(name));
}

/** Lists of two short texts, such as headers, stand in one line each. */
export function isPair(spec: readonly Field[] | undefined): boolean {
  const isShort = (field: Field) => ["text", "any", "number", "url"].includes(field.type) && !field.multiline;
  return spec?.length === 2 && spec.every(isShort) && ["name", "key", "pattern"].includes(spec[0]?.name ?? "");
}
