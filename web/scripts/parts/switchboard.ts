/** One stream of a browser for all its pages: knows who listens to what, and
 *  opens another stream when that changes. Runs in the shared worker. */

/** A page, as the worker sees it. */
export interface Line {
  postMessage(message: ToPage): void;
}

export type ToPage =
  | { kind: "ready" }
  /** Answered with `here`; who does not is gone. */
  | { kind: "there" }
  /** From now on nothing of the topic is missed; what was before may have been. */
  | { kind: "open"; topic: string }
  | { kind: "news"; topic: string; event: string; data: unknown };

export type ToWorker =
  | { kind: "hear"; topics: string[] }
  | { kind: "here" }
  | { kind: "bye" };

export interface Stream {
  close(): void;
}

export interface Streams {
  /** Opens `/live` with this query. */
  open(query: string, on: { open: () => void; news: (text: string) => void; broken: () => void }): Stream;
  wait(run: () => void, milliseconds: number): unknown;
  now(): number;
}

/** Pages that open and close together change the stream once. */
const PAUSE = 60;
/** A page that has crashed says nothing; it is asked. */
const ASK = 20_000;
const SILENCE = 90_000;
/** After a failure: 1, 2, 4 … seconds, at most this many milliseconds. */
const SLOWEST = 30_000;

interface Open {
  stream: Stream;
  topics: ReadonlySet<string>;
}

export class Switchboard {
  #pages = new Map<Line, { topics: Set<string>; heardAt: number }>();
  #open: Open | undefined;
  #opening: Open | undefined;
  #failures = 0;

  constructor(readonly streams: Streams) {
    const ask = () => {
      this.#ask();
      streams.wait(ask, ASK);
    };
    streams.wait(ask, ASK);
  }

  take(page: Line, message: ToWorker): void {
    if (message.kind === "bye") this.#pages.delete(page);
    const known = this.#pages.get(page);
    if (known) known.heardAt = this.streams.now();
    if (message.kind === "hear") {
      const fresh = message.topics.filter((topic) => !known?.topics.has(topic) && this.#open?.topics.has(topic));
      this.#pages.set(page, { topics: new Set(message.topics), heardAt: this.streams.now() });
      // Another page listens to it already.
      for (const topic of fresh) page.postMessage({ kind: "open", topic });
    }
    if (message.kind !== "here") this.#plan(PAUSE);
  }

  #ask(): void {
    for (const [page, { heardAt }] of this.#pages) {
      if (this.streams.now() - heardAt > SILENCE) this.#pages.delete(page);
      else page.postMessage({ kind: "there" });
    }
    this.#plan(0);
  }

  /** Looking once too often does nothing. */
  #plan(milliseconds: number): void {
    this.streams.wait(() => this.#change(), milliseconds);
  }

  /** The old stream ends when the new one is open: nothing falls between. */
  #change(): void {
    const wanted = new Set([...this.#pages.values()].flatMap(({ topics }) => [...topics]));
    if (same(wanted, (this.#opening ?? this.#open)?.topics ?? new Set())) return;
    this.#opening?.stream.close();
    this.#opening = undefined;
    if (wanted.size === 0) return this.#close();
    if (this.#open && same(wanted, this.#open.topics)) return;
    const known = [...wanted].filter((topic) => this.#open?.topics.has(topic));
    const fresh = [...wanted].filter((topic) => !known.includes(topic));
    const opening: Open = { topics: wanted, stream: { close: () => {} } };
    this.#opening = opening;
    opening.stream = this.streams.open(`fresh=${list(fresh)}&known=${list(known)}`, {
      open: () => this.#opened(opening, fresh),
      news: (text) => this.#news(text),
      broken: () => this.#broken(opening),
    });
  }

  #opened(opening: Open, fresh: string[]): void {
    if (this.#opening !== opening) return;
    this.#opening = undefined;
    this.#open?.stream.close();
    this.#open = opening;
    this.#failures = 0;
    for (const [page, { topics }] of this.#pages) {
      for (const topic of fresh) if (topics.has(topic)) page.postMessage({ kind: "open", topic });
    }
  }

  #news(text: string): void {
    const { topic, event, data } = JSON.parse(text) as { topic: string; event: string; data: unknown };
    for (const [page, { topics }] of this.#pages) if (topics.has(topic)) page.postMessage({ kind: "news", topic, event, data });
  }

  #broken(which: Open): void {
    which.stream.close();
    if (which === this.#opening) this.#opening = undefined;
    else if (which === this.#open) this.#open = undefined;
    else return;
    const pause = Math.min(SLOWEST, 1_000 * 2 ** Math.min(this.#failures, 6));
    this.#failures += 1;
    this.#plan(pause);
  }

  #close(): void {
    this.#open?.stream.close();
    this.#open = undefined;
  }
}

function same(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((entry) => b.has(entry));
}

function list(topics: readonly string[]): string {
  return topics.map(encodeURIComponent).join(",");
}
