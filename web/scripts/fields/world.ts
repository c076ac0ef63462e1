/** What a mapping field knows of its surroundings: the modules before it and
 *  what they put out, the functions and keywords, and how all of these are
 *  called and coloured. */
import type { Editor } from "../editor/editor";
import { at as valueAt } from "../editor/json";
import type { Item, Language, LanguageFunction, Visible } from "../editor/services";
import { words } from "../editor/words/mapping";
import type { Path, PathStep, Piece } from "./pieces";

/** How a pill looks, and what is said about it. */
export interface Look {
  label: string;
  /** Of the app, for items. */
  color?: string;
  /** Why it gives nothing, in a sentence. */
  problem?: string;
  /** The value of the last run. */
  sample?: string;
  type?: string;
  /** How a function is called, and what it does. */
  signature?: string;
  help?: string;
}

/** A module whose items can be mapped. */
export interface Group extends Visible {
  name: string;
  app: string;
  color: string | undefined;
}

const GREY = "#6b6776";

export class World {
  language: Language | undefined;
  #functions = new Map<string, LanguageFunction>();
  #keywords = new Map<string, string>();
  #listeners = new Set<() => void>();
  #titles = new Map<string, string>();
  #groups: Group[] | undefined;

  constructor(
    readonly editor: Editor,
    /** The key of the module whose field it is. */
    readonly module: string,
  ) {
    // Typing changes the document all the time; nothing here is urgent.
    let timer = 0;
    const changed = () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.#changed(), 100);
    };
    editor.signals.addEventListener("items", changed);
    const unsubscribe = editor.store.subscribe(changed);
    this.destroy = () => {
      editor.signals.removeEventListener("items", changed);
      unsubscribe();
      clearTimeout(timer);
    };
    void this.#load();
  }

  readonly destroy: () => void;

  /** Calls back when labels, values or problems may be others now. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  isKeyword = (name: string): boolean => this.#keywords.has(name) || (this.#keywords.size === 0 && FIRST_KEYWORDS.has(name));

  function(name: string): LanguageFunction | undefined {
    return this.#functions.get(name);
  }

  /** The modules before this one, the nearest first. */
  groups(): Group[] {
    this.#groups ??= (this.editor.services.knowledge?.at(this.module) ?? []).map((visible) => this.#group(visible)).reverse();
    return this.#groups;
  }

  /** Whether it is known what comes in; before that nothing is guessed. */
  get isKnown(): boolean {
    return this.editor.services.knowledge?.items !== undefined;
  }

  /** Inputs of the scenario and variables. */
  variables(): Item[] {
    return this.editor.services.knowledge?.items?.variables ?? [];
  }

  look(piece: Piece, text: string): Look {
    const code = text.slice(piece.from, piece.to);
    if (piece.kind === "item" && piece.path) return this.#item(piece.path);
    if (piece.kind === "function" && piece.path) return this.#function(piece.path.root, piece.partner >= 0);
    if (piece.kind === "name") return this.#name(code);
    if (piece.kind === "step" && piece.path) return { label: `: ${steps(piece.path.steps)}` };
    if (piece.kind === "bad") return { label: code, problem: code.length > 1 ? words.unclosed : words.unreadable };
    if ((piece.kind === "group" || piece.kind === "openIndex") && piece.partner < 0) return { label: code, problem: words.unclosed };
    return { label: code };
  }

  async #load(): Promise<void> {
    const { knowledge } = this.editor.services;
    const [language, catalogue] = await Promise.all([knowledge?.language().catch(() => undefined), this.editor.catalogue().catch(() => undefined)]);
    this.language = language;
    this.#functions = new Map(language?.functions.map((one) => [one.name, one]));
    this.#keywords = new Map(language?.keywords.map((one) => [one.name, one.help]));
    this.#titles = new Map(catalogue?.modules.map((one) => [one.name, one.label]));
    this.#changed();
    if (!knowledge?.items) await knowledge?.refresh().catch(() => undefined);
  }

  #changed(): void {
    this.#groups = undefined;
    for (const listener of [...this.#listeners]) listener();
  }

  #group(visible: Visible): Group {
    const app = this.#app(visible.module);
    return { ...visible, name: this.#title(visible.module), app, color: this.editor.boot.apps[app]?.color };
  }

  #app(id: number): string {
    return this.editor.store.entry(String(id))?.module.module.split(":")[0] ?? "";
  }

  /** The name that a person gave it, or the app with what it does. */
  #title(id: number): string {
    const module = this.editor.store.entry(String(id))?.module;
    if (!module) return String(id);
    const given = valueAt(module, ["metadata", "designer", "name"]);
    if (typeof given === "string" && given !== "") return given;
    const app = this.editor.boot.apps[this.#app(id)]?.label ?? this.#app(id);
    const title = this.#titles.get(module.module) ?? "";
    return title === "" ? app : `${app} – ${title}`;
  }

  #item(path: Path): Look {
    if (path.module === undefined) return this.#variable(path);
    const group = this.groups().find((one) => one.module === path.module);
    const found = group ? find(group.items, path.steps) : { labels: path.steps.map(shownStep), item: undefined };
    const label = `${path.module}. ${path.steps.length === 0 ? words.bundle : joined(found.labels)}`;
    const color = this.editor.boot.apps[this.#app(path.module)]?.color ?? GREY;
    const look: Look = { label, color, type: found.item?.type };
    if (found.item?.sample !== undefined) look.sample = found.item.sample;
    const problem = this.#moduleProblem(path.module, group !== undefined);
    return problem === undefined ? look : { label, problem };
  }

  #moduleProblem(id: number, isVisible: boolean): string | undefined {
    if (isVisible) return undefined;
    if (!this.editor.store.entry(String(id))) return words.gone(id);
    const { items } = this.editor.services.knowledge ?? {};
    // Nothing is said before it is known what comes before what.
    return items && items.visible[this.module] ? words.later(id, this.#title(id)) : undefined;
  }

  #variable(path: Path): Look {
    const code = path.root + path.steps.map((step) => ("name" in step ? `.${step.name}` : `[${step.index}]`)).join("");
    const item = allItems(this.variables()).find((one) => one.path.replaceAll("`", "") === code);
    if (item) return { label: item.label, type: item.type, ...(item.sample === undefined ? {} : { sample: item.sample }) };
    if (path.root === "var") return { label: steps(path.steps.slice(1)) || code };
    return { label: code, problem: words.unknownName(path.root) };
  }

  #function(name: string, isClosed: boolean): Look {
    const known = this.#functions.get(name);
    const look: Look = { label: `${name}(` };
    if (known) Object.assign(look, { signature: known.signature, help: known.help });
    else if (this.language) look.problem = words.unknownFunction(name, this.#similar(name));
    if (!isClosed) look.problem = words.unclosedFunction(name);
    return look;
  }

  #name(name: string): Look {
    if (this.isKeyword(name)) return { label: name, help: this.#keywords.get(name) };
    return { label: name, problem: words.unknownName(name) };
  }

  #similar(name: string): string | undefined {
    const lower = name.toLowerCase();
    let best: string | undefined;
    let least = Math.max(1, Math.floor(name.length / 3)) + 1;
    for (const other of this.#functions.keys()) {
      const distance = apart(lower, other.toLowerCase());
      if (distance < least) [best, least] = [other, distance];
    }
    return best;
  }
}

/** Until the language has come. */
const FIRST_KEYWORDS = new Set(["true", "false", "null", "now", "emptystring", "emptyarray", "space", "newline", "timestamp", "ignore", "erase"]);

/** The labels on the way, and the item at its end. */
export function find(items: readonly Item[], path: readonly PathStep[]): { labels: string[]; item: Item | undefined } {
  const labels: string[] = [];
  let here: readonly Item[] | undefined = items;
  let item: Item | undefined;
  for (const step of path) {
    if ("index" in step) {
      labels.push(shownStep(step));
      continue;
    }
    item = here?.find((one) => one.name === step.name);
    labels.push(item?.label || step.name);
    here = item?.spec;
  }
  return { labels, item };
}

function shownStep(step: PathStep): string {
  if ("name" in step) return step.name;
  return step.index === 1 ? "[]" : `[${step.index}]`;
}

function joined(labels: readonly string[]): string {
  return labels.reduce((all, label) => (label.startsWith("[") || all === "" ? all + label : `${all}: ${label}`), "");
}

function steps(path: readonly PathStep[]): string {
  return joined(path.map(shownStep));
}

/** The items and what is in them. */
export function allItems(items: readonly Item[]): Item[] {
  return items.flatMap((item) => [item, ...allItems(item.spec ?? [])]);
}

/** How many letters must change to make one word the other. */
function apart(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length]!;
}
