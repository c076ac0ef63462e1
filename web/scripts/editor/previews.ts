/** Questions what mapped texts give: one at a time for each field, the newest
 *  only, and what was answered is not asked again. */
import type { Field } from "./editor";
import type { Preview } from "./services";

export interface Question {
  module: string;
  field: string;
  type: Field["type"];
  text: string;
}

/** A pause in the typing before the server is asked. */
const WAIT = 60;
const MOST_KEPT = 200;

export class Previews {
  #answers = new Map<string, Preview>();
  #waiting = new Map<string, { timer: ReturnType<typeof setTimeout>; abort: AbortController }>();

  constructor(readonly send: (question: Question, signal: AbortSignal) => Promise<Preview>) {}

  /** The data is another now. */
  forget(): void {
    this.#answers.clear();
  }

  ask(question: Question): Promise<Preview> {
    const place = `${question.module}/${question.field}`;
    this.#drop(place);
    const name = JSON.stringify([question.module, question.type, question.text]);
    const known = this.#answers.get(name);
    if (known) return Promise.resolve(known);
    return new Promise((answer, refuse) => {
      const abort = new AbortController();
      const timer = setTimeout(() => {
        this.send(question, abort.signal).then(
          (preview) => {
            if (abort.signal.aborted) return;
            this.#waiting.delete(place);
            this.#keep(name, preview);
            answer(preview);
          },
          (error: unknown) => {
            // Nobody waits any more for what was taken back.
            if (abort.signal.aborted) return;
            this.#waiting.delete(place);
            refuse(error as Error);
          },
        );
      }, WAIT);
      this.#waiting.set(place, { timer, abort });
    });
  }

  #drop(place: string): void {
    const waiting = this.#waiting.get(place);
    if (!waiting) return;
    this.#waiting.delete(place);
    clearTimeout(waiting.timer);
    waiting.abort.abort();
  }

  #keep(name: string, preview: Preview): void {
    if (this.#answers.size >= MOST_KEPT) this.#answers.delete(this.#answers.keys().next().value ?? "");
    this.#answers.set(name, preview);
  }
}
