import type { Field, Option } from "./editor";
import type { Collection, Json } from "./json";
import type { Doc } from "./store";
import type { Module } from "./tree";

/** The drawing. Owner: `scene.ts` and its neighbours. */
export interface SceneService {
  /** Where a module is drawn, in pixels of the drawing. */
  place(key: string): { x: number; y: number } | undefined;
  /** The blueprint's coordinates for a place in the drawing. */
  toMake(place: { x: number; y: number }): { x: number; y: number };
  /** The place in the drawing under a point of the window. */
  fromWindow(point: { x: number; y: number }): { x: number; y: number };
  /** The middle of what is seen, in pixels of the drawing. */
  middle(): { x: number; y: number };
  /** Moves the view until the module is seen, and gives it the focus. */
  reveal(key: string, options?: { focus?: boolean }): void;
  /** The element of a module, for menus and tours. */
  element(key: string): Element | undefined;
  fit(): void;
  zoom(factor: number): void;
  /** Puts all modules in tidy columns and rows: a step of undo. */
  align(): void;
  /** Shows what a run did; `undefined` takes all bubbles away. */
  marks(marks: ReadonlyMap<string, Mark> | undefined): void;
}

/** What a run did at one module, as the bubbles show it. */
export interface Mark {
  operations: number;
  errors: number;
  parked: number;
  running: number;
  /** Warnings, such as an empty required value. */
  warnings: number;
  /** Of the filter before it. */
  heldBack: number;
  letThrough: number;
}

/** Search over apps and modules. Owner: `picker.ts`. */
export interface PickerService {
  /** Lets a person choose a module and puts it in. */
  open(where: Where, anchor: Element | { x: number; y: number }): void;
}

/** Where a module is put in. */
export type Where =
  /** After a module, at the end of what follows it: before what is there now
   *  when `insert`, else on a new route when something is there. */
  | { after: string; insert?: boolean }
  /** On the line that leads into a module. */
  | { before: string }
  /** As the first module of a new error route of a module. */
  | { error: string }
  /** Loose, or as the first module of an empty scenario; in pixels of the
   *  drawing. (`add` of `blueprint.ts` takes Make's coordinates.) */
  | { place: { x: number; y: number } }
  /** In the place of a module, which keeps its number. */
  | { instead: string };

/** Run once and what it shows. Owner: `run.ts`. */
export interface RunService {
  readonly state: "idle" | "starting" | "listening" | "running";
  start(how?: "once" | "last" | { delivery: string } | { replay: string }): Promise<void>;
  stop(): Promise<void>;
  /** The run whose bubbles are shown. */
  readonly execution: string | undefined;
  /** How the run that is shown stands. */
  readonly report?: { status: string; isFinal: boolean; rehearsal?: object } | undefined;
}

/** The mapping panel. Owner: `mapping.ts` with `../fields/`. */
export interface MappingService {
  /** Makes a field for a mapped text: pills, completion, panel, preview. */
  field(options: MappingFieldOptions): MappingFieldHandle;
  /** The panel goes when nothing mappable has the focus; this hides it now. */
  hide(): void;
}

export interface MappingFieldOptions {
  /** The text of the label, for screen readers. */
  label: string;
  value: string;
  /** Of the module whose field it is; decides what can be mapped. */
  module: string;
  /** Of the field, such as `values.0`; for messages and previews. */
  name: string;
  /** What the value will be converted to. */
  type: Field["type"];
  multiline?: boolean;
  placeholder?: string;
  /** Ids of help and error texts. */
  describedBy?: string;
  /** Whether the value it gives is shown under the field; default true. */
  preview?: boolean;
  onInput: (value: string) => void;
}

export interface MappingFieldHandle {
  readonly element: HTMLElement;
  value: string;
  focus(): void;
  setInvalid(message: string | undefined): void;
  destroy(): void;
}

/** Saving, publishing, versions. Owner: `drafts.ts`. */
export interface DraftService {
  /** Resolves when everything up to now is kept by the server; throws when it
   *  cannot be. Whoever asks the server about the draft waits for this first. */
  flush(): Promise<void>;
  readonly state: "kept" | "keeping" | "failing" | "conflict";
}

/** What modules put out, for mapping. Owner: `knowledge.ts`. */
export interface KnowledgeService {
  /** The last answer of `GET /scenarios/{id}/items`; nothing before the first. */
  readonly items: Items | undefined;
  /** Why `items` may not be what is there: they are on their way for long, or
   *  could not be loaded. A change is told by the signal `items`. */
  readonly trouble: "" | "late" | "failed";
  /** Asks again when the draft or the run changed; cheap when nothing did. */
  refresh(): Promise<Items>;
  /** Evaluates a mapped text with the last data. A later question about the
   *  same field takes the place of one that waits; that one never answers. */
  preview(module: string, field: string, type: Field["type"], text: string): Promise<Preview>;
  /** What can be mapped at a module, nearest last: on an error route only the
   *  error of the module that failed. */
  at(module: string): Visible[];
  /** Functions, keywords and operators with their help; loads once. */
  language(): Promise<Language>;
  /** Live choices of a field, e.g. sheets of a spreadsheet. */
  choices(module: Module, links: Doc["links"], field: string, search?: string): Promise<Choices>;
}

/** A module whose output can be mapped at some place. */
export interface Visible extends ModuleItems {
  module: number;
}

/** The mapping language, for the panel, completion and help. */
export interface Language {
  /** Groups of functions in the order of Make's panel. */
  categories: { name: string; heading: string }[];
  functions: LanguageFunction[];
  keywords: { name: string; help: string; volatile: boolean }[];
  /** Operators between values: `sign` is what is stored. */
  operators: { sign: string; label: string; help: string; group: string }[];
  /** Operators of filters, in Make's groups. */
  comparisons: Comparison[];
}

export interface LanguageFunction {
  name: string;
  category: string;
  /** `formatDate(date; format; [timezone])` */
  signature: string;
  arguments: { name: string; optional: boolean; repeated: boolean }[];
  help: string;
  /** Expressions and what they give, as JSON. */
  examples: { expression: string; value: string }[];
  /** Not in Make. */
  extension: boolean;
}

/** An operator of filters. */
export interface Comparison {
  /** As stored, such as `text:equal:ci`. */
  name: string;
  group: string;
  label: string;
  /** Compares with nothing: `b` is absent. */
  unary: boolean;
}

/** What is known of the outputs. */
export interface Items {
  /** The run that the sample values are of. */
  run: { id: string; at: string } | null;
  /** By module id. */
  modules: Record<string, ModuleItems>;
  /** By module id: the modules whose output can be mapped there, nearest last. */
  visible: Record<string, number[]>;
  /** By module id, on error routes: the modules that failed to get there. Of
   *  them only the item `error` can be mapped; see `KnowledgeService.at`. */
  failed: Record<string, number[]>;
  /** The scenario is confidential: there are types and no values. */
  confidential: boolean;
  /** Scenario inputs, variables of the organisation and the like. */
  variables: Item[];
}

export interface ModuleItems {
  /** How many bundles the last run gave. */
  bundles: number;
  /** Where the knowledge is from. */
  from: "run" | "webhook" | "sample" | "description" | "mapping" | "none";
  items: Item[];
  /** How many fields are not listed, as there are too many. */
  more?: number;
}

/** Something that can be mapped. */
export interface Item {
  name: string;
  label: string;
  type: string;
  /** The expression that names it, without braces: ``1.customer.`First name` ``. */
  path: string;
  /** Its value in the last run, cut for reading. */
  sample?: string;
  /** Of a collection, or of the items of an array. */
  spec?: Item[];
  /** How many fields of it are not listed. */
  more?: number;
}

/** What a mapped text gives. */
export interface Preview {
  /** The value as text for reading; empty when there is none. */
  text: string;
  /** `text`, `number`, `date`, `array` and so on; `empty`, `unknown`. */
  type: string;
  /** Plain sentences: it is empty, it will not convert, a function fails. */
  warnings: string[];
  /** Where the text is no expression: character from 0, and what is wrong. */
  error?: { at: number; message: string } | null;
  /** False when the last data is not known and nothing could be computed. */
  known: boolean;
  /** A text that gives what the field wants. */
  offer?: { text: string; label: string } | null;
}

export interface Choices {
  choices: Option[];
  /** Of a dynamic field: one field per column, for example. */
  fields?: Field[];
  /** Why there are none, for people; with what to do. */
  problem?: string;
  /** Whether more were left out; searching narrows it down. */
  more?: boolean;
}

/** A change of a document by a pure function. Owner: `blueprint.ts`. */
export type Edit = { doc: Doc; select?: string[]; label: string };

/** What is put into a module's filter. */
export interface Filter extends Collection {
  name: string;
  conditions: Json[];
}
