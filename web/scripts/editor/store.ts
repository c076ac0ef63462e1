import type { Json } from "./json";
import { type Entry, entries } from "./tree";

/** What is being edited. It never changes in place: a change makes another one
 *  that shares whatever is the same, so that undo costs next to nothing. */
export interface Doc {
  /** The blueprint. */
  readonly root: Json;
  /** `"<module id>.<field>"` to a thing of ours, as kept beside the blueprint. */
  readonly links: Readonly<Record<string, Json>>;
}

export interface ChangeOptions {
  /** Changes with the same mark, close together, are one step of undo. */
  merge?: string;
  /** Modules to select after it, and after its redo. */
  select?: string[];
}

export interface News {
  /** What was done, for people: "Add Send an email". */
  label: string;
  kind: "change" | "undo" | "redo" | "load";
  before: Doc;
  doc: Doc;
  select: string[] | undefined;
}

interface Past {
  label: string;
  doc: Doc;
  merge: string | undefined;
  select: string[] | undefined;
  at: number;
}

const MERGE_WITHIN = 1_500;

/** The document, its past and its future. Knows nothing of screens or servers. */
export class Store {
  #doc: Doc;
  #entries: Entry[] | undefined;
  #past: Past[] = [];
  #future: Past[] = [];
  #listeners = new Set<(news: News) => void>();

  constructor(doc: Doc) {
    this.#doc = doc;
  }

  get doc(): Doc {
    return this.#doc;
  }

  /** The modules as a tree, computed once per document. */
  get entries(): Entry[] {
    this.#entries ??= entries(this.#doc.root);
    return this.#entries;
  }

  entry(key: string): Entry | undefined {
    return this.entries.find((entry) => entry.key === key);
  }

  get canUndo(): string | undefined {
    return this.#past.at(-1)?.label;
  }

  get canRedo(): string | undefined {
    return this.#future.at(-1)?.label;
  }

  /** Tells `listener` of every new document; answers with how to stop that. */
  subscribe(listener: (news: News) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes another document and remembers this one. Nothing happens when it is
   *  the same one. */
  change(label: string, doc: Doc, options: ChangeOptions = {}): void {
    if (doc === this.#doc || (doc.root === this.#doc.root && doc.links === this.#doc.links)) return;
    const last = this.#past.at(-1);
    const now = Date.now();
    const joins = options.merge !== undefined && last?.merge === options.merge && now - last.at < MERGE_WITHIN && this.#future.length === 0;
    if (joins) {
      last.at = now;
      last.select = options.select ?? last.select;
    } else {
      this.#past.push({ label, doc: this.#doc, merge: options.merge, select: options.select, at: now });
    }
    this.#future = [];
    this.#become(doc, label, "change", options.select);
  }

  undo(): void {
    const step = this.#past.pop();
    if (!step) return;
    this.#future.push({ ...step, doc: this.#doc });
    // Typing after an undo is a step of its own.
    const last = this.#past.at(-1);
    if (last) last.merge = undefined;
    this.#become(step.doc, step.label, "undo", undefined);
  }

  redo(): void {
    const step = this.#future.pop();
    if (!step) return;
    this.#past.push({ ...step, doc: this.#doc, merge: undefined });
    this.#become(step.doc, step.label, "redo", step.select);
  }

  /** Takes what the server has, without a step of undo: after a restore, or
   *  when somebody else changed it. Past and future are of another document. */
  load(doc: Doc, label: string): void {
    this.#past = [];
    this.#future = [];
    this.#become(doc, label, "load", undefined);
  }

  #become(doc: Doc, label: string, kind: News["kind"], select: string[] | undefined): void {
    const before = this.#doc;
    this.#doc = doc;
    this.#entries = undefined;
    for (const listener of [...this.#listeners]) listener({ label, kind, before, doc, select });
  }
}
