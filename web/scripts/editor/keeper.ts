import { type ModuleReport, Refused } from "./editor";
import { type Json, isCollection } from "./json";
import type { Doc, Store } from "./store";

/** `keeping` also while a change waits for its turn of a fraction of a second. */
export type KeepState = "kept" | "keeping" | "failing" | "conflict";

/** What the bar says, as the server knows it. */
export interface Bar {
  id: number;
  name: string;
  isOn: boolean;
  sentence: string;
  schedule: string;
  timezone: string;
  problem: string;
  next: string | null;
  /** Live runs that failed since somebody looked. */
  failures: number;
}

/** The server's answer to a draft that it kept. */
export interface Kept {
  revision: number;
  baseVersion: number;
  isChanged: boolean;
  report: ModuleReport[];
  scenario: Bar;
}

/** Somebody kept another draft since ours was loaded. */
export interface Conflict {
  revision: number;
  by: string | null;
  at: string;
}

export interface Wanted {
  revision: number;
  root: Json;
  links: Readonly<Record<string, Json>>;
  tab: string;
}

export interface KeeperOptions {
  store: Store;
  revision: number;
  tab: string;
  send: (wanted: Wanted) => Promise<Kept>;
  onState: (state: KeepState, problem: string) => void;
  /** A request takes longer than people should be left alone with; the state
   *  is told again when it has come to an end. */
  onLate: () => void;
  onKept: (kept: Kept) => void;
  onConflict: (conflict: Conflict) => void;
  /** Waits; tests give another one. */
  wait?: (run: () => void, milliseconds: number) => number;
  /** Milliseconds until `onLate`. */
  late?: number;
}

/** Typing is sent together, but never held back longer than `LONGEST`. */
const PAUSE = 300;
const LONGEST = 1_500;
/** A request that takes longer is told of. */
const LATE = 5_000;
/** After a failure: 1, 2, 4 … seconds, at most this many milliseconds. */
const SLOWEST = 30_000;

/** Keeps every change on the server: one request at a time, the latest
 *  document each time, again and again until it is there. Knows no screen. */
export class Keeper {
  #options: KeeperOptions;
  #revision: number;
  #kept: Doc;
  #state: KeepState = "kept";
  #problem = "";
  #sending: Promise<void> | undefined;
  #timer: number | undefined;
  #since = 0;
  #failures = 0;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#revision = options.revision;
    this.#kept = options.store.doc;
    options.store.subscribe((news) => {
      if (news.kind !== "load") this.#changed();
    });
  }

  get state(): KeepState {
    return this.#state;
  }

  get problem(): string {
    return this.#problem;
  }

  get revision(): number {
    return this.#revision;
  }

  /** Whether there is something that the server does not have. */
  get isUnkept(): boolean {
    return this.#kept !== this.#options.store.doc;
  }

  /** The document is what the server has at this revision: after a load. */
  accept(doc: Doc, revision: number): void {
    this.#kept = doc;
    this.#revision = revision;
    this.#stopWaiting();
    this.#failures = 0;
    this.#become(this.isUnkept ? "keeping" : "kept");
    // What was changed while the server was asked still has to go there.
    if (this.isUnkept && !this.#sending) this.#later(PAUSE);
  }

  /** Counts on from another revision, and sends ours over it. */
  overrule(revision: number): void {
    this.#revision = revision;
    this.#become("keeping");
    this.retry();
  }

  /** Tries at once what waits for its next try. */
  retry(): void {
    if (this.#state === "conflict" || !this.isUnkept) return;
    this.#stopWaiting();
    this.#send().catch(() => {});
  }

  /** Resolves when all is kept; throws when it cannot be just now. */
  async flush(): Promise<void> {
    while (this.isUnkept) {
      if (this.#state === "conflict") throw new Refused(this.#problem, 409, null);
      this.#stopWaiting();
      await this.#send();
    }
  }

  /** What would be sent now, for the moment when the page goes away. */
  get wanted(): Wanted {
    const { root, links } = this.#options.store.doc;
    return { revision: this.#revision, root, links, tab: this.#options.tab };
  }

  #changed(): void {
    if (this.#state === "conflict") return;
    if (!this.isUnkept) {
      if (!this.#sending) this.#become("kept");
      return this.#sending ? undefined : this.#stopWaiting();
    }
    if (this.#state !== "failing") this.#become("keeping");
    if (this.#sending) return;
    const now = Date.now();
    if (this.#timer === undefined) this.#since = now;
    this.#later(Math.max(0, Math.min(PAUSE, this.#since + LONGEST - now)));
  }

  #later(milliseconds: number): void {
    const wait = this.#options.wait ?? ((run, pause) => setTimeout(run, pause) as unknown as number);
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = wait(() => this.retry(), milliseconds);
  }

  #stopWaiting(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Whoever asks while a request is on its way gets that one. */
  #send(): Promise<void> {
    this.#sending ??= this.#sendNow().finally(() => {
      this.#sending = undefined;
      if (this.isUnkept && this.#state === "keeping") this.#later(PAUSE);
    });
    return this.#sending;
  }

  async #sendNow(): Promise<void> {
    const doc = this.#options.store.doc;
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.#options.onLate();
    }, this.#options.late ?? LATE);
    try {
      const kept = await this.#options.send(this.wanted);
      this.#kept = doc;
      this.#revision = kept.revision;
      this.#failures = 0;
      this.#become(this.isUnkept ? "keeping" : "kept");
      this.#options.onKept(kept);
    } catch (error) {
      this.#failed(error);
      throw error;
    } finally {
      clearTimeout(timer);
      if (isLate) this.#options.onState(this.#state, this.#problem);
    }
  }

  #failed(error: unknown): void {
    const refused = error instanceof Refused ? error : undefined;
    if (refused?.status === 409 && isCollection(refused.body) && typeof refused.body.revision === "number") {
      const { revision, by, at } = refused.body;
      this.#become("conflict", refused.message);
      this.#options.onConflict({ revision: Number(revision), by: typeof by === "string" ? by : null, at: String(at) });
      return;
    }
    this.#become("failing", refused?.message ?? String(error));
    // What the server does not want it will not want in a second either.
    const isLasting = refused && refused.status >= 400 && refused.status < 500 && refused.status !== 401 && refused.status !== 429;
    if (isLasting) return;
    this.#failures += 1;
    this.#later(Math.min(SLOWEST, 1_000 * 2 ** Math.min(this.#failures - 1, 6)));
  }

  #become(state: KeepState, problem = ""): void {
    if (state === this.#state && problem === this.#problem) return;
    this.#state = state;
    this.#problem = problem;
    this.#options.onState(state, problem);
  }
}
