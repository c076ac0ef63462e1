/** The first scenario, step by step: points at the real controls and waits
 *  until what it asks for is there. Where it is follows from the document, so
 *  that a reload or a way of one's own never confuses it. */
import { h, icon } from "./dom";
import type { Editor } from "./editor";
import type { Json } from "./json";
import { at } from "./json";
import type { Entry } from "./tree";
import { words } from "./words/tour";

interface Step {
  title: string;
  text: string;
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

export function start(editor: Editor): void {
  const key = `rouage-guide-${editor.boot.scenario.id}`;
  if (new URLSearchParams(location.search).has("guide")) sessionStorage.setItem(key, "on");
  if (sessionStorage.getItem(key) !== "on") return;
  const tour = new Tour(editor, () => sessionStorage.removeItem(key));
  tour.begin();
}

class Tour {
  #card = h("section", { class: "tour", "aria-label": words.name, "aria-live": "polite" });
  #ring = h("div", { class: "tour-ring", "aria-hidden": "true" });
  #timer = 0;
  #shown = -1;
  readonly #steps: Step[];

  constructor(
    readonly editor: Editor,
    readonly onEnd: () => void,
  ) {
    this.#steps = this.#make();
  }

  begin(): void {
    document.body.append(this.#ring, this.#card);
    this.#timer = window.setInterval(() => this.#look(), LOOK_EVERY);
    this.#look();
  }

  #end(): void {
    clearInterval(this.#timer);
    this.#card.remove();
    this.#ring.remove();
    this.onEnd();
  }

  #look(): void {
    const index = this.#steps.findIndex((step) => !step.isDone());
    const step = this.#steps[index];
    if (index !== this.#shown) {
      this.#shown = index;
      this.#draw(index, step);
    }
    this.#point(step?.target());
  }

  #draw(index: number, step: Step | undefined): void {
    const close = h("button", { class: "ghost small", onclick: () => this.#end() }, step ? words.leave : words.finish);
    const action = step?.action;
    this.#card.replaceChildren(
      h("p", { class: "quiet" }, icon("sparkles"), step ? words.step(index + 1, this.#steps.length) : words.name),
      h("h2", {}, step?.title ?? words.done.title),
      h("p", {}, step?.text ?? words.done.text),
      h("div", { class: "row" }, action && h("button", { class: "small primary", onclick: action.run }, action.label), close),
    );
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
        isDone: () => {
          const mapper = at(sheet()?.module, ["mapper"]);
          const chosen = this.#link(sheet(), "spreadsheetId") ?? at(mapper, ["spreadsheetId"]);
          return Boolean(this.#link(sheet(), "__IMTCONN__")) && Boolean(chosen) && Boolean(at(mapper, ["sheetId"]));
        },
      },
      { ...words.columns, target: () => side() ?? element(sheet()), isDone: () => values().some((value) => String(value).includes("{{")) },
      {
        ...words.run,
        target: () => document.querySelector('[data-act="run"]:not([hidden])') ?? document.querySelector('[data-act="stop"]'),
        isDone: () => services.run?.execution !== undefined && services.run.state === "idle",
        action: { label: words.run.action, run: send },
      },
      {
        ...words.publish,
        target: () => document.querySelector('#publish:not([aria-disabled="true"])') ?? document.querySelector("#switch"),
        isDone: () => document.querySelector("#switch")?.getAttribute("aria-checked") === "true",
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
