/** The first scenario, step by step: points at the real controls and waits
 *  until what it asks for is there. Where it is follows from the document, so
 *  that a reload or a way of one's own never confuses it. */
import { h, icon } from "./dom";
import type { CatalogueModule, Editor } from "./editor";
import type { Json } from "./json";
import { at } from "./json";
import type { Runs } from "./run-data";
import { lastLive } from "./tour-live";
import { missing } from "./tour-missing";
import type { Entry } from "./tree";
import { words } from "./words/tour";

interface Step {
  title: string;
  text: string;
  /** What stands in the way just now. */
  hint?: () => string | undefined;
  /** Where to look; may be not there yet. */
  target: () => Element | null | undefined;
  isDone: () => boolean;
  action?: { label: string; run: () => void };
}

/** What the example of the guide posts. */
const ORDER = {
  order_id: 4711,
  created: "2026-11-24T09:30:00Z",
  customer: { first_name: "Anne", last_name: "Dupond" },
  email: "anne.dupond@example.org",
  total: 49.9,
  items: [{ name: "Box of the month", quantity: 1, price: 49.9 }],
};

const LOOK_EVERY = 400;
/** How often it is asked whether the live version has run. */
const ASK_EVERY = 2_500;
/** Ends of a run that did all it should. */
const GOOD = new Set(["success", "warning"]);

export function start(editor: Editor): void {
  const key = `rouage-guide-${editor.boot.scenario.id}`;
  if (new URLSearchParams(location.search).has("guide")) sessionStorage.setItem(key, "on");
  if (sessionStorage.getItem(key) !== "on") return;
  const tour = new Tour(editor, key);
  tour.begin();
}

class Tour {
  #card = h("section", { class: "tour", "aria-label": words.name, "aria-live": "polite" });
  #ring = h("div", { class: "tour-ring", "aria-hidden": "true" });
  #timer = 0;
  #shown = "";
  /** What Add a Row asks for, once it is known. */
  #addRow: CatalogueModule[] = [];
  /** How the last run of the live version ended. */
  #live: "none" | "good" | "bad" = "none";
  #askedAt = 0;
  readonly #steps: Step[];
  /** The version that was live when the guide began. */
  readonly #base: number;

  constructor(
    readonly editor: Editor,
    readonly key: string,
  ) {
    this.#steps = this.#make();
    this.#base = editor.boot.draft.baseVersion;
  }

  begin(): void {
    document.body.append(this.#ring, this.#card);
    this.#timer = window.setInterval(() => this.#look(), LOOK_EVERY);
    const keep = (modules: CatalogueModule[]) => (this.#addRow = modules.filter((module) => module.name === "google-sheets:addRow"));
    void this.editor.catalogue().then(({ modules }) => keep(modules), () => undefined);
    this.#look();
  }

  #end(): void {
    clearInterval(this.#timer);
    this.#card.remove();
    this.#ring.remove();
    sessionStorage.removeItem(this.key);
  }

  #look(): void {
    const index = this.#steps.findIndex((step) => !step.isDone());
    const step = this.#steps[index];
    const hints = step ? [step.hint?.(), this.#early(index)].filter((hint) => hint !== undefined) : [];
    const state = JSON.stringify([index, hints]);
    if (state !== this.#shown) {
      this.#shown = state;
      this.#draw(index, step, hints);
    }
    this.#point(step?.target());
    if (step && (isOn() || this.#version !== String(this.editor.boot.draft.baseVersion))) void this.#askForLive();
  }

  /** What was done before its turn, and what it is good for. */
  #early(index: number): string | undefined {
    if (index < 0 || index >= this.#steps.length - 3) return undefined;
    if (isOn()) return words.early.on;
    return this.editor.boot.draft.baseVersion > this.#base ? words.early.published : undefined;
  }

  #draw(index: number, step: Step | undefined, hints: string[]): void {
    const close = h("button", { class: "ghost small", onclick: () => this.#end() }, step ? words.leave : words.finish);
    const action = step?.action;
    this.#card.replaceChildren(
      h("p", { class: "quiet" }, icon("sparkles"), step ? words.step(index + 1, this.#steps.length) : words.name),
      h("h2", {}, step?.title ?? words.done.title),
      h("p", {}, step?.text ?? words.done.text),
      ...hints.map((hint) => h("p", { class: "tour-hint" }, hint)),
      h("div", { class: "row" }, action && h("button", { class: "small primary", onclick: action.run }, action.label), close),
    );
  }

  /** Looks whether the live version has run; what ran before it was published
   *  was another one. */
  async #askForLive(): Promise<void> {
    if (Date.now() - this.#askedAt < ASK_EVERY) return;
    this.#askedAt = Date.now();
    const version = String(this.editor.boot.draft.baseVersion);
    const answer = await this.editor.get<Runs>(`/scenarios/${this.editor.boot.scenario.id}/runs.json`).catch(() => undefined);
    if (!answer) return;
    if (this.#version !== version) sessionStorage.setItem(`${this.key}-since`, JSON.stringify([version, answer.runs[0]?.id ?? ""]));
    this.#live = lastLive(answer.runs, this.#since[1]);
  }

  /** The live version that is looked at, and the last run before it. */
  get #since(): [string, string] {
    return JSON.parse(sessionStorage.getItem(`${this.key}-since`) ?? '["",""]') as [string, string];
  }

  get #version(): string {
    return this.#since[0];
  }

  /** A ring around the place, as long as it is seen. */
  #point(target: Element | null | undefined): void {
    const rect = target?.getBoundingClientRect();
    this.#ring.hidden = !rect || rect.width === 0;
    if (!rect) return;
    const style = this.#ring.style;
    style.left = `${rect.left - 6}px`;
    style.top = `${rect.top - 6}px`;
    style.width = `${rect.width + 12}px`;
    style.height = `${rect.height + 12}px`;
  }

  #module(name: string): Entry | undefined {
    return this.editor.store.entries.find((entry) => entry.module.module === name);
  }

  #link(entry: Entry | undefined, field: string): Json | undefined {
    return entry ? this.editor.store.doc.links[`${entry.key}.${field}`] : undefined;
  }

  #make(): Step[] {
    const { services } = this.editor;
    const trigger = () => this.#module("gateway:CustomWebHook");
    const sheet = () => this.#module("google-sheets:addRow");
    const side = () => document.querySelector("#side:not([hidden])");
    const element = (entry: Entry | undefined) => (entry ? services.scene?.element(entry.key) : undefined);
    const values = () => {
      const mapped = at(sheet()?.module, ["mapper", "values"]);
      return mapped !== null && typeof mapped === "object" ? Object.values(mapped) : [];
    };
    const send = () => void this.#send(trigger());
    const lacking = () => {
      const entry = sheet();
      const described = this.#addRow.find((module) => module.version === entry?.module.version) ?? this.#addRow[0];
      return entry && described ? missing(entry.module, this.editor.store.doc.links, described) : [];
    };
    const hasFailed = () => services.run?.state === "idle" && services.run.report?.isFinal === true && !GOOD.has(services.run.report.status);
    return [
      {
        ...words.trigger,
        target: () => document.querySelector(".picker") ?? document.querySelector("#world .first") ?? document.querySelector('[data-act="add"]'),
        isDone: () => trigger() !== undefined,
      },
      { ...words.hook, target: () => side() ?? element(trigger()), isDone: () => this.#link(trigger(), "hook") !== undefined },
      {
        ...words.sample,
        target: () => undefined,
        isDone: () => sheet() !== undefined || (services.knowledge?.items?.modules[trigger()?.key ?? ""]?.items.length ?? 0) > 0,
        action: { label: words.sample.action, run: send },
      },
      { ...words.sheet, target: () => document.querySelector(".picker") ?? element(trigger()), isDone: () => sheet() !== undefined },
      {
        ...words.spreadsheet,
        target: () => side() ?? element(sheet()),
        hint: () => (lacking().length > 0 ? words.spreadsheet.missing(lacking()) : undefined),
        isDone: () => {
          const mapper = at(sheet()?.module, ["mapper"]);
          const chosen = this.#link(sheet(), "spreadsheetId") ?? at(mapper, ["spreadsheetId"]);
          const isChosen = Boolean(this.#link(sheet(), "__IMTCONN__")) && Boolean(chosen) && Boolean(at(mapper, ["sheetId"]));
          return isChosen && lacking().length === 0;
        },
      },
      { ...words.columns, target: () => side() ?? element(sheet()), isDone: () => values().some((value) => String(value).includes("{{")) },
      {
        ...words.run,
        target: () => document.querySelector('[data-act="run"]:not([hidden])') ?? document.querySelector('[data-act="stop"]'),
        hint: () => (hasFailed() ? words.run.failed : services.run?.state === "listening" ? words.run.waits : undefined),
        // A live version that works needs no try.
        isDone: () => this.#live === "good" || (services.run?.state === "idle" && services.run.report?.rehearsal === undefined && GOOD.has(services.run.report?.status ?? "")),
        action: { label: words.run.action, run: send },
      },
      {
        ...words.publish,
        hint: () => (isOn() ? words.publish.again : undefined),
        target: () => document.querySelector("#publish"),
        isDone: () => !this.editor.boot.draft.isChanged && services.drafts?.state !== "keeping",
      },
      { ...words.on, target: () => document.querySelector("#switch"), isDone: isOn },
      {
        ...words.live,
        hint: () => (this.#live === "bad" ? words.live.failed : undefined),
        target: () => undefined,
        isDone: () => this.#live === "good",
        action: { label: words.live.action, run: send },
      },
    ];
  }

  /** Posts the example as a shop would, to the webhook's own address. */
  async #send(trigger: Entry | undefined): Promise<void> {
    const hook = this.#link(trigger, "hook");
    if (hook === undefined) return;
    try {
      const { url } = await this.editor.get<{ url: string }>(`/editor/hooks/${String(hook)}`);
      // The address that people see may be another host; this page reaches its own.
      await fetch(new URL(url).pathname, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(ORDER) });
      this.editor.say(words.sample.sent);
    } catch (error) {
      this.editor.say(error instanceof Error ? error.message : String(error), "bad");
    }
  }
}

function isOn(): boolean {
  return document.querySelector("#switch")?.getAttribute("aria-checked") === "true";
}
