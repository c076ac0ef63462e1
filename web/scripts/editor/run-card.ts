/** The card above the dock: what the run waits for, does, or came to. */
import { clockTime } from "../parts/times";
import { h, icon, must } from "./dom";
import { type Editor, type Refused } from "./editor";
import { isCollection } from "./json";
import type { Running } from "./run";
import type { Rehearsal, RunReport } from "./run-data";
import { sentence } from "./tell";
import { words as rehearsal } from "./words/rehearsal";
import { words } from "./words/run";

export class RunCard {
  /** Shows the bubbles of a run without a word about it. */
  isQuiet = true;
  #box = h("section", { id: "run-card", "aria-label": words.log, hidden: true });
  #refusal: { text: string; list: string[] } | undefined;
  /** The run whose card was closed. */
  #closed: string | undefined;
  #drawn = "";

  constructor(
    private readonly editor: Editor,
    private readonly run: Running,
  ) {
    must("#main").append(this.#box);
    this.#box.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.run.state === "idle") {
        event.stopPropagation();
        this.#close();
        must("[data-act=run]").focus();
      }
    });
  }

  refused(error: Refused): void {
    const list = isCollection(error.body) && Array.isArray(error.body.problems) ? error.body.problems.filter((problem) => typeof problem === "string") : [];
    this.#refusal = { text: error.message, list };
    this.isQuiet = false;
    this.draw();
    must("#live").textContent = `${words.cannotRun}. ${error.message}`;
  }

  /** What is said of a run that is over. */
  ended(report: RunReport): string {
    const count = report.operations;
    if (report.rehearsal) return rehearsed(report, report.rehearsal);
    if (report.status === "in-doubt") return words.inDoubt;
    if (report.isCheck) return words.nothingNew;
    if (report.isSingle && report.status === "success") return words.wellAlone;
    if (report.status === "success") return words.well(count);
    if (report.status === "warning") return words.withWarning(count);
    if (report.status === "error") return report.error ? report.error.what : words.failed(count);
    return report.status === "stopped" ? words.stoppedAfter(count) : words.ended(report.word, count);
  }

  draw(): void {
    const { state, report } = this.run;
    if (state !== "idle") this.#refusal = undefined;
    // What is on the card is made again only when it changes: somebody may be
    // about to press one of its buttons.
    const drawn = JSON.stringify([state, this.run.listening, this.#refusal, this.isQuiet, this.#closed, report && [report.id, report.status, report.operations, report.error]]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const content = this.#content();
    const hadFocus = this.#box.contains(document.activeElement);
    this.#box.hidden = content === undefined;
    this.#box.className = content?.className ?? "";
    this.#box.replaceChildren(...(content?.parts ?? []));
    this.editor.signals.dispatchEvent(new CustomEvent("card", { detail: this.#box }));
    if (hadFocus) (this.#box.querySelector<HTMLElement>("button") ?? must("[data-act=run]")).focus();
  }

  #content(): { className: string; parts: Node[] } | undefined {
    const { state, report, listening } = this.run;
    const make = (className: string, ...parts: (Node | undefined | false)[]) => ({ className, parts: parts.filter((part): part is Node => part instanceof Node) });
    if (this.#refusal) return make("is-warn", ...this.#refused(this.#refusal));
    if (state === "starting") return make("is-run", this.#line("loader", words.starting));
    if (state === "listening" && listening) return make("is-run", ...this.#waiting(listening));
    if (!report || this.isQuiet || this.#closed === report.id) return state === "running" ? make("is-run", this.#line("loader", words.running)) : undefined;
    if (state === "running") return make("is-run", this.#line("loader", words.running, words.soFar(report.operations), this.#buttons()));
    const className = report.status === "error" ? "is-bad" : report.status === "success" ? "is-ok" : "is-warn";
    const symbol = { "is-bad": "octagon-x", "is-ok": "circle-check", "is-warn": "triangle-alert" }[className] ?? "circle-check";
    const trouble = report.error;
    if (!trouble) return make(className, this.#line(symbol, this.ended(report), undefined, this.#buttons(report)));
    return make(
      className,
      this.#line(symbol, this.ended(report)),
      trouble.said !== "" && h("p", { class: "said" }, trouble.said),
      h("p", {}, h("b", {}, `${words.todo}: `), report.rehearsal && isMadeUp(report.rehearsal) ? rehearsal.madeUp : trouble.do),
      this.#buttons(report),
    );
  }

  #line(symbol: string, text: string, more?: string, buttons?: HTMLElement): HTMLElement {
    const sign = symbol === "loader" ? h("span", { class: "spinner", "aria-hidden": "true" }) : icon(symbol);
    const isOver = this.run.state === "idle";
    return h("div", { class: "line" }, sign, h("strong", {}, text), more && h("span", { class: "quiet" }, more), buttons, isOver && this.#cross());
  }

  #cross(): HTMLElement {
    return h("button", { class: "tool close", "aria-label": words.close, onclick: () => this.#close() }, icon("x"));
  }

  #buttons(report?: RunReport): HTMLElement {
    const module = report?.error?.module;
    const where = () => {
      const key = String(module);
      this.editor.services.scene?.reveal(key);
      this.editor.open({ kind: "inspect", key });
    };
    const isHere = module !== null && module !== undefined && this.editor.store.entry(String(module)) !== undefined;
    return h(
      "div",
      { class: "row" },
      report?.rehearsal && h("button", { class: "small", onclick: () => this.editor.open({ kind: "rehearsal" }) }, icon("flask-conical"), rehearsal.told),
      isHere && h("button", { class: "small", onclick: where }, words.showModule(String(module))),
      h("button", { class: "small", onclick: () => this.editor.open({ kind: "log" }) }, icon("list"), words.log),
    );
  }

  #waiting(listening: { url: string; until: string }): Node[] {
    const address = h("input", { readonly: true, value: listening.url, "aria-label": words.address, onfocus: () => address.select() });
    const { isOn } = this.editor.boot.scenario;
    const until = new Date(listening.until);
    const time = Number.isNaN(until.valueOf()) ? "" : words.waitingUntil(clockTime(until));
    return [
      this.#line("loader", words.waiting),
      h("p", {}, words.waitingHow, isOn && ` ${this.editor.boot.draft.isChanged ? words.waitingBeside : words.waitingLive}`),
      h("div", { class: "address" }, address, h("button", { class: "small", onclick: () => void this.#copy(address) }, icon("copy"), words.copy)),
      h(
        "div",
        { class: "row" },
        h("button", { class: "small", onclick: () => void this.run.useRequest() }, icon("inbox"), words.useRequest),
        h("button", { class: "small", onclick: () => void this.run.stop() }, icon("octagon-x"), words.stop),
        h("span", { class: "quiet" }, time),
      ),
    ];
  }

  async #copy(address: HTMLInputElement): Promise<void> {
    address.select();
    try {
      if (navigator.clipboard) await navigator.clipboard.writeText(address.value);
      else if (!document.execCommand("copy")) throw new Error("refused");
      this.editor.say(words.copied);
    } catch {
      this.editor.say(words.notCopied, "warn");
    }
  }

  #refused(refusal: { text: string; list: string[] }): Node[] {
    const problem = (text: string) => {
      const number = /\[(\d+)\]/.exec(text)?.[1];
      const isHere = number !== undefined && this.editor.store.entry(number) !== undefined;
      const show = () => {
        this.editor.services.scene?.reveal(number ?? "");
        this.editor.open({ kind: "module", key: number ?? "" });
      };
      return h("li", {}, sentence(text), isHere && " ", isHere && h("button", { class: "link", onclick: show }, words.showWhere));
    };
    const list = refusal.list.length > 0 ? h("ul", {}, ...refusal.list.map(problem)) : h("p", {}, refusal.text);
    return [this.#line("triangle-alert", words.cannotRun), list];
  }

  #close(): void {
    this.#closed = this.run.report?.id;
    this.#refusal = undefined;
    this.draw();
  }
}

/** Whether some of its values are nobody's. */
function isMadeUp(told: Rehearsal): boolean {
  return [told.origin, ...told.modules.map((module) => module.origin)].some((origin) => origin === "made-up" || origin === "wanted");
}

/** What is said of a rehearsal. */
function rehearsed(report: RunReport, told: Rehearsal): string {
  const doubtful = told.modules.filter((module) => module.doubts.length > 0).length;
  if (report.status === "error") return rehearsal.cardFailed;
  return doubtful > 0 ? rehearsal.cardWarns(doubtful) : rehearsal.card(report.operations);
}
