import type { Json } from "./json";
import type { DraftService, KnowledgeService, MappingService, PickerService, RunService, SceneService } from "./services";
import type { Doc, Store } from "./store";

/** A field of a module's form or output, as the catalogue describes it. */
export interface Field {
  name: string;
  label: string;
  type: FieldType;
  required?: boolean;
  advanced?: boolean;
  /** More than one line of text. */
  multiline?: boolean;
  help?: string;
  default?: string;
  /** May be given by an expression; false for accounts and other fixed choices. */
  mappable?: boolean;
  /** Of a select. */
  options?: Option[];
  /** Of a collection; of an array: the fields of an item, or one named "".
   *  A field of a form that is itself named "" stands for the whole mapper:
   *  its fields (they come live) are keys of the mapper. */
  spec?: Field[];
  /** Of a connection, keychain or hook: the types that fit. */
  kinds?: string[];
  /** Choices come from `POST /scenarios/{id}/choices`. */
  live?: boolean;
  /** Its fields come from there as well: columns of a sheet, a record. */
  dynamic?: boolean;
  /** Shown only while another field of the form has one of these values. */
  shown?: { field: string; values: string[] };
}

export type FieldType =
  | "any" | "text" | "number" | "integer" | "uinteger" | "boolean" | "date" | "time" | "buffer" | "url" | "email"
  | "password" | "select" | "array" | "collection" | "filter" | "hook" | "connection" | "keychain" | "structure"
  | "datastore" | "spreadsheet" | "sheet" | "scenario" | "module";

export interface Option {
  value: string;
  label: string;
  note?: string;
}

/** A module that can be added. */
export interface CatalogueModule {
  /** `app:Name`. */
  name: string;
  version: number;
  label: string;
  description: string;
  kind: "instant-trigger" | "polling-trigger" | "action" | "search" | "iterator" | "responder" | "aggregator" | "router" | "if-else" | "merge" | "tool" | "directive";
  synonyms: string[];
  parameters: Field[];
  mapper: Field[];
  /** Stored in the module's `flags`: the options of an aggregator. */
  flags?: Field[];
  output: Field[];
  /** Symbol in the sprite when it does not look like its app; else empty. */
  icon?: string;
  /** Only makes sense as the first module of a scenario. */
  first?: boolean;
  /** Not offered to be added; only there so that an imported one has a form. */
  legacy?: boolean;
}

export interface CatalogueApp {
  /** The part before the colon, such as `google-sheets`. */
  name: string;
  label: string;
  /** Symbol in the sprite; empty when `monogram` is shown. */
  icon: string;
  monogram: string;
  color: string;
  synonyms: string[];
}

export interface Catalogue {
  apps: CatalogueApp[];
  modules: CatalogueModule[];
}

/** How a module fares: the report of the server on the draft. */
export interface ModuleReport {
  id: number | null;
  status: "same" | "check" | "unavailable";
  problems: string[];
}

/** What the page was delivered with. */
export interface Boot {
  scenario: { id: number; name: string; isOn: boolean; sentence: string; timezone: string };
  draft: DraftState & { root: Json; links: Record<string, Json> };
  report: ModuleReport[];
  /** Apps with their looks, also those that we do not have; by app name. */
  apps: Record<string, CatalogueApp>;
  catalogueUrl: string;
  iconsUrl: string;
}

export interface DraftState {
  /** Counts every kept change of the draft. */
  revision: number;
  /** The live version that it was made from. */
  baseVersion: number;
  /** Whether it differs from the live version. */
  isChanged: boolean;
}

/** What can be open beside the canvas. */
export type Panel =
  | { kind: "module"; key: string }
  | { kind: "filter"; key: string }
  | { kind: "inspect"; key: string }
  | { kind: "run-module"; key: string }
  | { kind: "note"; index: number }
  | { kind: "log" }
  | { kind: "rehearsal" }
  | { kind: "report" }
  | { kind: "outline" }
  | { kind: "explain" }
  | { kind: "settings" };

/** A part of the editor that shows a kind of panel. It fills `box` and answers
 *  with what to do when the panel is closed. */
export type PanelMaker<P extends Panel = Panel> = (panel: P, box: HTMLElement, editor: Editor) => (() => void) | void;

export interface MenuItem {
  label: string;
  icon?: string;
  /** Shown at the right, such as `Ctrl+C`. */
  keys?: string;
  danger?: boolean;
  disabled?: boolean;
  /** A line above it. */
  separated?: boolean;
  run: () => void;
}

/** What the parts of the editor know of each other. Each part is a function
 *  `start(editor)` in a file of its own; they meet only here. */
export interface Editor {
  readonly boot: Boot;
  readonly store: Store;
  readonly selection: Selection;
  /** Loads once; the page is usable before it has come. */
  catalogue(): Promise<Catalogue>;
  /** Changes the document; see `Store.change`. */
  change(label: string, doc: Doc, options?: { merge?: string; select?: string[] }): void;
  /** Opens a panel in the place of the one that is open. */
  open(panel: Panel): void;
  close(): void;
  readonly panel: Panel | undefined;
  panels: Map<Panel["kind"], PanelMaker<never>>;
  /** A menu at a point or under an element; the focus goes back to `opener`. */
  menu(at: { x: number; y: number } | HTMLElement, items: MenuItem[], opener?: Element): void;
  /** Says it to everybody, screen readers included, for some seconds. */
  say(text: string, kind?: "ok" | "warn" | "bad", action?: { label: string; run: () => void }): void;
  /** Asks before something that cannot be undone. */
  ask(question: string, yes: string, details?: string): Promise<boolean>;
  /** Posts JSON to the server; throws `Refused` with a sentence for people. */
  post<T>(path: string, body: Json | object): Promise<T>;
  get<T>(path: string): Promise<T>;
  /** Named signals between parts: see the contract. */
  readonly signals: EventTarget;
  /** Filled by the parts that offer something to others. */
  readonly services: Services;
}

/** Offered by one part to the others; each is set when that part starts. */
export interface Services {
  scene?: SceneService;
  picker?: PickerService;
  run?: RunService;
  mapping?: MappingService;
  drafts?: DraftService;
  knowledge?: KnowledgeService;
}

/** A refusal of the server, in its own words. */
export class Refused extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly body: Json,
  ) {
    super(message);
  }
}

/** Which modules are selected, by key; the last one has the focus. */
export class Selection extends EventTarget {
  #keys: string[] = [];

  get keys(): readonly string[] {
    return this.#keys;
  }

  /** The module that single keys act on. */
  get current(): string | undefined {
    return this.#keys.at(-1);
  }

  has(key: string): boolean {
    return this.#keys.includes(key);
  }

  set(keys: Iterable<string>): void {
    const next = [...new Set(keys)];
    if (next.length === this.#keys.length && next.every((key, index) => key === this.#keys[index])) return;
    this.#keys = next;
    this.dispatchEvent(new Event("change"));
  }

  toggle(key: string): void {
    this.set(this.has(key) ? this.#keys.filter((other) => other !== key) : [...this.#keys, key]);
  }
}
