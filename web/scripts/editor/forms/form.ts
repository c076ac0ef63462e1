/** The form of one module: reads from the document and writes to it at once. */
import type { Editor, Field } from "../editor";
import { type Collection, type Json, type Path, at, isCollection } from "../json";
import type { Choices } from "../services";
import type { Entry, Module } from "../tree";
import { words } from "../words/forms";
import { type Mode, isShown, modeOf, putAll, restoredMode } from "./values";

/** Where a value stands within its module. */
export interface Place {
  readonly path: Path;
  /** Its note in `metadata.restore`; nothing where Make keeps none. */
  readonly restore: Path | undefined;
}

/** A part of the form. */
export interface View {
  readonly element: HTMLElement;
  /** The document changed; shows what stands there now. */
  update(): void;
  destroy?(): void;
}

export type Change = readonly [Path, Json | undefined];

const NOWHERE: Module = { module: "" };

export class Form {
  /** How fields were switched since the form was opened, by place. */
  #modes = new Map<string, Mode>();
  #lists = new Map<object, { fields: Field[]; base: string; path: Path }>();
  /** Asked for the choices of fields that hang on others; told whether somebody
   *  changed the document, or took a change back. */
  readonly reloads = new Set<(isChange?: boolean) => void>();

  constructor(
    readonly editor: Editor,
    readonly key: string,
  ) {}

  get entry(): Entry | undefined {
    return this.editor.store.entry(this.key);
  }

  get module(): Module {
    return this.entry?.module ?? NOWHERE;
  }

  get id(): number | undefined {
    return this.entry?.id;
  }

  read(path: Path): Json | undefined {
    return at(this.module, path);
  }

  /** Changes the document. Changes with the same mark are one step of undo
   *  while they follow each other quickly, as in typing. */
  write(label: string, changes: readonly Change[], merge?: string): void {
    this.writeLinked(label, changes, {}, merge);
  }

  writeLinked(label: string, changes: readonly Change[], links: Record<string, Json | undefined>, merge?: string): void {
    const { entry } = this;
    if (!entry) return;
    const { doc } = this.editor.store;
    const root = putAll(doc.root, entry.path, changes);
    const kept: Record<string, Json> = { ...doc.links };
    for (const [field, value] of Object.entries(links)) {
      const name = `${entry.id}.${field}`;
      if (value === undefined) delete kept[name];
      else kept[name] = value;
    }
    const isLinked = Object.keys(links).length > 0;
    this.editor.change(label, { root, links: isLinked ? kept : doc.links }, merge ? { merge: `${this.key}:${merge}` } : {});
  }

  link(field: string): Json | undefined {
    return this.editor.store.doc.links[`${this.id}.${field}`];
  }

  /** Fields that stand beside each other, for conditions and defaults. */
  know(owner: object, path: Path, fields: Field[]): void {
    this.#lists.set(owner, { base: path.join("/"), path, fields });
  }

  forget(owner: object): void {
    this.#lists.delete(owner);
  }

  #listWith(base: string, name: string): { fields: Field[]; path: Path } | undefined {
    return [...this.#lists.values()].find((list) => list.base === base && list.fields.some((field) => field.name === name));
  }

  /** Names that the form has at a place, apart from those of `owner`. */
  namesAt(path: Path, owner: object): string[] {
    const base = path.join("/");
    return [...this.#lists].filter(([other, list]) => other !== owner && list.base === base).flatMap(([, list]) => list.fields.map((field) => field.name));
  }

  /** Whether a field shows: the field it hangs on stands beside it, or else at
   *  the top of the form, and shows itself. */
  isShown(field: Field, base: Path, level = 0): boolean {
    const rule = field.shown;
    if (!rule || level > 8) return true;
    const list = [base.join("/"), "parameters", "mapper", "flags"].map((place) => this.#listWith(place, rule.field)).find((found) => found !== undefined);
    const other = list?.fields.find((other) => other.name === rule.field);
    if (list && other && !this.isShown(other, list.path, level + 1)) return false;
    return isShown(field, this.read([...(list?.path ?? base), rule.field]), other?.default);
  }

  mode(field: Field, place: Place): Mode {
    const set = this.#modes.get(place.path.join("/"));
    return set ?? modeOf(field, this.read(place.path), place.restore && this.read(place.restore));
  }

  /** Switches between controls and a mapped text. What stood there is kept as
   *  far as the other way can show it. */
  setMode(field: Field, place: Place, mode: Mode, value: Json | undefined): void {
    this.#modes.set(place.path.join("/"), mode);
    const note: Change[] = place.restore ? [[place.restore, restoredMode(this.read(place.restore), mode)]] : [];
    this.write(words.changed(field.label || field.name), [[place.path, value], ...note]);
  }

  /** After an undo the document says how everything was entered. */
  forgetModes(): void {
    this.#modes.clear();
  }

  /** Lists that moved or went: notes by place are of other places now. */
  forgetModesBelow(path: Path): void {
    const start = `${path.join("/")}/`;
    for (const name of [...this.#modes.keys()]) if (name.startsWith(start)) this.#modes.delete(name);
  }

  /** Live choices of a field. */
  async choices(field: string, search?: string): Promise<Choices> {
    const { links } = this.editor.store.doc;
    const { knowledge } = this.editor.services;
    if (knowledge) return knowledge.choices(this.module, links, field, search);
    return this.editor.post<Choices>(`/scenarios/${this.editor.boot.scenario.id}/choices`, { module: this.module, links, field, search: search ?? "" });
  }

  /** Everything that live choices may hang on: changes when they may. */
  get signature(): string {
    const plain = (value: Json | undefined): Json =>
      isCollection(value) ? Object.fromEntries(Object.entries(value).filter(([, part]) => typeof part !== "object" || part === null)) : null;
    const links = Object.entries(this.editor.store.doc.links).filter(([name]) => name.startsWith(`${this.id}.`));
    return JSON.stringify([plain(this.module.parameters), plain(this.module.mapper), links]);
  }

  /** The note that Make's editor left for a field, also in its older place. */
  restored(place: Place): Collection | undefined {
    const note = place.restore && this.read(place.restore);
    if (isCollection(note)) return note;
    const old = this.read(["metadata", "restore", String(place.path.at(-1))]);
    return place.path.length === 2 && isCollection(old) ? old : undefined;
  }
}

export type Part = "parameters" | "mapper" | "flags";

/** The place of a field of a module. One without a name stands for all of the
 *  part: its own fields are names in there. */
export function placeOf(part: Part, name: string): Place {
  if (name === "") return { path: [part], restore: undefined };
  const notes = part === "mapper" ? "expect" : part === "parameters" ? "parameters" : undefined;
  return { path: [part, name], restore: notes && ["metadata", "restore", notes, name] };
}

/** The place of a field within a collection: only items of lists have notes. */
export function within(place: Place, name: string): Place {
  if (place.path.length === 1) return placeOf(place.path[0] as Part, name);
  const isItem = typeof place.path.at(-1) === "number";
  return { path: [...place.path, name], restore: isItem && place.restore ? [...place.restore, name] : undefined };
}
