/** Run once and its other ways: starts a run of what is in the editor, waits for
 *  a request, follows the run, and shows it on the canvas. */
import { must } from "./dom";
import { type Editor, Refused } from "./editor";
import { chooseReplay, chooseRequest, chooseShown } from "./run-choose";
import { RunCard } from "./run-card";
import { askForInputs, inputsOf } from "./run-inputs";
import { type Begun, type Listening, type RunReport, type Runs, differs, isAwaited, worthShowing } from "./run-data";
import type { Mark, RunService } from "./services";
import { act, onAct } from "./shell";
import { words as rehearsal } from "./words/rehearsal";
import { words } from "./words/run";

/** The stream tells of news; this finds what it missed. */
const LOOK_AGAIN = { running: 2_500, listening: 4_000 };

type How = Parameters<RunService["start"]>[0];

export function start(editor: Editor): void {
  const service = new Running(editor);
  editor.services.run = service;
  onAct(editor, "run", () => void service.start());
  onAct(editor, "stop", () => void service.stop());
  onAct(editor, "log", () => editor.open({ kind: "log" }));
  onAct(editor, "run-more", (button) => void service.menu(button));
  editor.signals.addEventListener("run-news", (event) => service.heard((event as CustomEvent<{ execution: string }>).detail.execution));
  void service.open();
}

export function running(editor: Editor): Running {
  return editor.services.run as Running;
}

export class Running implements RunService {
  state: RunService["state"] = "idle";
  execution: string | undefined;
  /** What is known of the run that is shown. */
  report: RunReport | undefined;
  listening: Listening | undefined;
  readonly #card: RunCard;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isAsking = false;
  #askAgain = false;
  /** Runs that began while somebody waited and were others. */
  #others = new Set<string>();

  constructor(readonly editor: Editor) {
    this.#card = new RunCard(editor, this);
  }

  get #path(): string {
    return `/scenarios/${this.editor.boot.scenario.id}`;
  }

  runs(): Promise<Runs> {
    return this.editor.get<Runs>(`${this.#path}/runs.json`);
  }

  /** Shows what happened last, or goes on waiting where another page of this
   *  person began it. */
  async open(): Promise<void> {
    try {
      const runs = await this.runs();
      const last = worthShowing(runs.runs);
      if (runs.listening) this.#wait(runs.listening);
      if (last && !this.report?.rehearsal) await this.show(last.id, { quietly: last.isFinal || !last.isDraft });
    } catch {
      // Without it the page is whole; the next run is shown.
    }
  }

  async start(how: How = "once"): Promise<void> {
    const fields = how === "once" && this.state === "idle" ? inputsOf(this.editor) : [];
    if (fields.length > 0) return askForInputs(fields, (inputs) => void this.begin({ how: "once", inputs }));
    const body = typeof how === "string" ? { how } : "delivery" in how ? { how: "delivery", delivery: how.delivery } : { how: "replay", execution: how.replay };
    await this.begin(body);
  }

  /** Posts what is to be run and follows it. Whether it began; a refusal is told
   *  on the card, or to whoever asks for it. */
  async begin(body: object, onRefused?: (refused: Refused) => void): Promise<boolean> {
    if (this.state !== "idle") return false;
    this.#become("starting");
    try {
      await this.editor.services.drafts?.flush();
      const begun = await this.editor.post<Begun>(`${this.#path}/run-draft`, body);
      if (begun.listening) this.#wait({ url: begun.url ?? "", until: begun.until ?? "" });
      else if (begun.execution) this.#follow(begun.execution);
      return true;
    } catch (error) {
      this.#become("idle");
      if (!(error instanceof Refused)) throw error;
      if (onRefused) onRefused(error);
      else this.#card.refused(error);
      return false;
    }
  }

  async stop(): Promise<void> {
    const wasListening = this.state === "listening";
    try {
      await this.editor.post(`${this.#path}/run-draft`, { how: "stop", ...(wasListening ? {} : { execution: this.execution ?? null }) });
    } catch (error) {
      // What has ended meanwhile needs no stop.
      if (error instanceof Refused && error.status !== 409) this.editor.say(error.message, "bad");
    }
    if (!wasListening) return this.#ask();
    this.listening = undefined;
    this.#become("idle");
    this.#announce(words.stopped);
  }

  /** Shows a run on the canvas. `quietly`: bubbles only. */
  async show(id: string, options: { quietly?: boolean } = {}): Promise<void> {
    this.execution = id;
    this.report = undefined;
    this.#card.isQuiet = options.quietly ?? false;
    if (!options.quietly && this.state === "idle") this.#become("running");
    await this.#ask();
  }

  /** Shows a rehearsal, which no execution stands behind. */
  present(report: RunReport): void {
    this.execution = undefined;
    this.report = undefined;
    this.#card.isQuiet = false;
    this.#take(report);
    this.#announce(this.#card.ended(report));
  }

  /** A run of this scenario moved on. */
  heard(id: string): void {
    if (id === this.execution) void this.#ask();
    else if (this.state === "listening" && !this.#others.has(id)) void this.#consider(id);
  }

  async menu(button: HTMLElement): Promise<void> {
    const isIdle = this.state === "idle";
    let runs: Runs = { runs: [], requests: [], hasWebhook: false, listening: null };
    try {
      runs = await this.runs();
    } catch (error) {
      return this.editor.say(error instanceof Refused ? error.message : words.noRuns, "bad");
    }
    const hasRequests = runs.requests.some((request) => request.hasData);
    this.editor.menu(button, [
      ...(runs.hasWebhook ? [
        { label: words.withLast, icon: "play", disabled: !isIdle || !hasRequests, run: () => void this.start("last") },
        { label: words.withRequest, icon: "inbox", disabled: !isIdle || !hasRequests, run: () => chooseRequest(this.editor, runs.requests, (delivery) => void this.start({ delivery })) },
      ] : []),
      { label: words.replay, icon: "rotate-ccw", disabled: !isIdle || runs.runs.length === 0, run: () => chooseReplay(this.editor, runs.runs, (replay) => void this.start({ replay })) },
      { label: rehearsal.menu, icon: "flask-conical", separated: true, disabled: !isIdle, run: () => act("rehearse") },
      { label: words.show, icon: "history", separated: true, disabled: runs.runs.length === 0, run: () => chooseShown(this.editor, runs.runs, (id) => void this.show(id)) },
      { label: words.openLog, icon: "list", keys: "Ctrl+J", run: () => this.editor.open({ kind: "log" }) },
    ]);
  }

  /** Lets a person take an old request instead of waiting for a new one. */
  async useRequest(): Promise<void> {
    const { requests } = await this.runs();
    chooseRequest(this.editor, requests, async (delivery) => {
      if (this.state === "listening") await this.stop();
      await this.start({ delivery });
    });
  }

  #wait(listening: Listening): void {
    this.listening = listening;
    this.#others.clear();
    this.#card.isQuiet = false;
    this.#become("listening");
    this.#announce(words.waiting);
  }

  #follow(id: string): void {
    this.listening = undefined;
    this.execution = id;
    this.report = undefined;
    this.#card.isQuiet = false;
    document.body.removeAttribute("data-rehearsal");
    // The bubbles of the run before would look like this one's.
    this.editor.services.scene?.marks(new Map());
    this.#become("running");
    void this.#ask();
  }

  /** Is this the run that somebody waits for? */
  async #consider(id: string): Promise<void> {
    try {
      const report = await this.editor.get<RunReport>(`/executions/${id}/state`);
      if (this.state !== "listening") return;
      if (isAwaited(report, this.editor.boot.draft.isChanged)) this.#follow(id);
      else this.#others.add(id);
    } catch {
      // It is looked for again.
    }
  }

  /** Asks how the run stands; one question at a time. */
  async #ask(): Promise<void> {
    const id = this.execution;
    if (!id) return;
    if (this.#isAsking) {
      this.#askAgain = true;
      return;
    }
    this.#isAsking = true;
    try {
      const report = await this.editor.get<RunReport>(`/executions/${id}/state`);
      if (this.execution === id) this.#take(report);
    } catch (error) {
      if (error instanceof Refused && error.status === 404 && this.execution === id && this.state === "running") this.#become("idle");
    } finally {
      this.#isAsking = false;
      if (this.#askAgain) {
        this.#askAgain = false;
        void this.#ask();
      } else this.#lookAgain();
    }
  }

  #take(report: RunReport): void {
    const before = this.report;
    this.report = report;
    document.body.toggleAttribute("data-rehearsal", report.rehearsal !== undefined);
    const isOver = report.isFinal || report.status === "in-doubt";
    if (this.state === "running" && isOver) {
      this.#become("idle");
      this.#announce(this.#card.ended(report));
    } else {
      this.#card.draw();
    }
    if (!differs(before, report)) return;
    this.editor.services.scene?.marks(new Map<string, Mark>(Object.entries(report.modules)));
    this.editor.signals.dispatchEvent(new Event("run"));
  }

  #become(state: RunService["state"]): void {
    this.state = state;
    const isBusy = state !== "idle";
    must("[data-act=run]").hidden = isBusy && state !== "starting";
    must("[data-act=run]").setAttribute("aria-disabled", String(state === "starting"));
    must("[data-act=stop]").hidden = state !== "listening" && state !== "running";
    document.body.dataset.run = state;
    this.#card.draw();
    this.#lookAgain();
    this.editor.signals.dispatchEvent(new Event("run"));
  }

  #lookAgain(): void {
    clearTimeout(this.#timer);
    if (this.state === "running") this.#timer = setTimeout(() => void this.#ask(), LOOK_AGAIN.running);
    if (this.state === "listening") this.#timer = setTimeout(() => void this.#isStillWaiting(), LOOK_AGAIN.listening);
  }

  /** The wait may have ended on the server without a word to this page. */
  async #isStillWaiting(): Promise<void> {
    try {
      const runs = await this.runs();
      if (this.state !== "listening") return;
      if (!runs.listening) {
        const begun = runs.runs.find((row) => isAwaited(row, this.editor.boot.draft.isChanged) && !this.#others.has(row.id) && row.id !== this.execution);
        // A run that is over already may be the one that was waited for.
        if (begun) return this.#follow(begun.id);
        this.listening = undefined;
        this.#become("idle");
        this.editor.say(words.waitOver, "warn");
      }
    } catch {
      // The server is asked again.
    }
    this.#lookAgain();
  }

  #announce(text: string): void {
    must("#live").textContent = text;
  }
}
