/** What the server knows of the outputs of modules, asked anew when the draft,
 *  a run or a webhook changes; and what mapped texts give with it. */
import type { Editor, Field } from "./editor";
import { Previews } from "./previews";
import type { Choices, Items, KnowledgeService, Language, Preview, Visible } from "./services";
import { ask } from "./shell";
import type { Doc } from "./store";
import type { Module } from "./tree";

/** After a change of the draft more changes follow soon. */
const SETTLE = 400;
/** An answer that takes longer is told of; one that takes still longer is given up. */
const LATE = 4_000;
const LONGEST = 30_000;
/** After a failure it asks again by itself. */
const AGAIN = 5_000;

export function start(editor: Editor): void {
  const service = new Knowledge(editor);
  editor.services.knowledge = service;
  for (const signal of ["draft", "run", "hook", "returned"]) editor.signals.addEventListener(signal, () => service.changed());
  void service.refresh().catch(() => undefined);
}

class Knowledge implements KnowledgeService {
  #items: Items | undefined;
  #text = "";
  #asking: Promise<Items> | undefined;
  #again = false;
  #trouble: KnowledgeService["trouble"] = "";
  #timer = 0;
  #language: Promise<Language> | undefined;
  readonly #path: string;
  readonly #previews: Previews;

  constructor(readonly editor: Editor) {
    this.#path = `/scenarios/${editor.boot.scenario.id}`;
    this.#previews = new Previews((body, signal) => post<Preview>(`${this.#path}/preview`, body, signal));
  }

  get items(): Items | undefined {
    return this.#items;
  }

  get trouble(): KnowledgeService["trouble"] {
    return this.#trouble;
  }

  #become(trouble: KnowledgeService["trouble"]): void {
    // What has failed is not merely late.
    if (trouble === this.#trouble || (trouble === "late" && this.#trouble === "failed")) return;
    this.#trouble = trouble;
    this.editor.signals.dispatchEvent(new Event("items"));
  }

  /** Something may be known better now; asks when it has become quiet. */
  changed(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.refresh().catch(() => undefined), SETTLE);
  }

  /** Requests never overtake each other: one that is asked for while another is
   *  on its way follows it. */
  refresh(): Promise<Items> {
    if (this.#asking) {
      this.#again = true;
      return this.#asking;
    }
    const late = setTimeout(() => this.#become("late"), LATE);
    this.#asking = this.#ask().finally(() => {
      clearTimeout(late);
      this.#asking = undefined;
    });
    this.#asking.then(() => this.#become(""), () => {
      this.#become("failed");
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => void this.refresh().catch(() => undefined), AGAIN);
    });
    return this.#asking;
  }

  async #ask(): Promise<Items> {
    // A draft that cannot be kept just now still has the outputs of before.
    await this.editor.services.drafts?.flush().catch(() => undefined);
    this.#again = false;
    const items = await ask<Items>(`${this.#path}/items`, { signal: AbortSignal.timeout(LONGEST) });
    this.#take(items);
    return this.#again ? this.#ask() : items;
  }

  #take(items: Items): void {
    const text = JSON.stringify(items);
    if (text === this.#text) return;
    this.#text = text;
    this.#items = items;
    this.#previews.forget();
    this.editor.signals.dispatchEvent(new Event("items"));
  }

  async preview(module: string, field: string, type: Field["type"], text: string): Promise<Preview> {
    // A module that the server has not seen yet sees nothing there.
    if (this.#items && !this.#items.visible[module]) await this.refresh().catch(() => undefined);
    return this.#previews.ask({ module, field, type, text });
  }

  at(module: string): Visible[] {
    const items = this.#items;
    const failed = new Set(items?.failed[module]);
    return (items?.visible[module] ?? []).map((id) => {
      const known = items?.modules[String(id)] ?? { bundles: 0, from: "none" as const, items: [] };
      // What failed has put out nothing but its error, which nobody else sees.
      return { ...known, module: id, items: known.items.filter((item) => (item.name === "error" && isError(item.path, id)) === failed.has(id)) };
    });
  }

  language(): Promise<Language> {
    this.#language ??= this.editor.get<Language>("/editor/functions.json").catch((error: unknown) => {
      this.#language = undefined;
      throw error;
    });
    return this.#language;
  }

  choices(module: Module, links: Doc["links"], field: string, search = ""): Promise<Choices> {
    return this.editor.post<Choices>(`${this.#path}/choices`, { module, links, field, search });
  }
}

const isError = (path: string, id: number): boolean => path === `${id}.error`;

function post<T>(path: string, body: object, signal: AbortSignal): Promise<T> {
  return ask<T>(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body), signal });
}
