/** Keeps every change as the draft, says how that stands, and lets a person
 *  decide when another draft was kept in the meantime. */
import { openDialog } from "./dialog";
import { h, icon, must } from "./dom";
import type { DraftState, Editor, ModuleReport } from "./editor";
import type { Json } from "./json";
import { type Bar, type Conflict, Keeper, type KeepState, type Kept } from "./keeper";
import type { DraftService } from "./services";
import { ask } from "./shell";
import type { Doc } from "./store";
import { agoWords } from "./times";
import { start as startUnsent } from "./unsent-offer";
import { words } from "./words/drafts";

/** The draft as the server answers it. */
export interface Draft extends DraftState {
  root: Json;
  links: Record<string, Json>;
  report: ModuleReport[];
  scenario: Bar;
  by: string | null;
  at: string;
}

/** More than other parts need to know; for `presence.ts` and `publish.ts`. */
export interface Drafts extends DraftService {
  readonly keeper: Keeper;
  readonly path: string;
  readonly tab: string;
  /** Takes what the server has, as the document or, with `undo`, as a step. */
  take(draft: Draft, undo?: string): void;
  /** Takes what the server says of the draft after an act of its own. */
  learn(kept: Kept): void;
  /** Ours, where it can still be pasted from. Whether that was possible. */
  copyOurs(): Promise<boolean>;
}

/** A request that takes longer is given up and made again. */
const LONGEST = 30_000;
/** A request that outlives its page may carry no more than this. */
const MOST_ON_LEAVING = 60_000;

export function drafts(editor: Editor): Drafts {
  return editor.services.drafts as Drafts;
}

export function start(editor: Editor): void {
  const path = `/scenarios/${editor.boot.scenario.id}`;
  const tab = crypto.randomUUID?.() ?? String(Math.random()).slice(2);
  let unsent: ReturnType<typeof startUnsent> | undefined;
  const keeper = new Keeper({
    store: editor.store,
    revision: editor.boot.draft.revision,
    tab,
    send: (wanted) => ask<Kept>(`${path}/draft`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(wanted),
      signal: AbortSignal.timeout(LONGEST),
    }),
    onState: (state, problem) => {
      show(state, problem, () => keeper.retry());
      unsent?.news();
    },
    onLate: showLate,
    onKept: (kept) => service.learn(kept),
    onConflict: (conflict) => decide(editor, service, conflict),
  });
  const service: Drafts = {
    keeper,
    path,
    tab,
    get state() {
      return keeper.state;
    },
    flush: () => keeper.flush(),
    take: (draft, undo) => take(editor, service, draft, undo),
    learn: (kept) => learn(editor, kept),
    copyOurs: () => copy(editor.store.doc),
  };
  editor.services.drafts = service;
  showUndo(editor);
  editor.store.subscribe(() => showUndo(editor));
  unsent = startUnsent(editor, keeper);
  void afterRestore(editor, service);
  guard(editor, service, unsent.leave);
}

/** Nothing is lost by leaving: what is on its way gets its chance, and the
 *  browser asks only while something is not kept. */
function guard(editor: Editor, { keeper, path }: Drafts, remember: () => void): void {
  addEventListener("online", () => keeper.retry());
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "hidden") return;
    remember();
    keeper.retry();
  });
  addEventListener("beforeunload", (event) => {
    if (keeper.isUnkept) event.preventDefault();
  });
  addEventListener("pagehide", () => {
    // What is sent now may come too late, or after a request with its revision.
    remember();
    if (!keeper.isUnkept || keeper.state === "conflict") return;
    const body = JSON.stringify(keeper.wanted);
    // Bytes count, not characters; four of them are the most one can take.
    if (body.length > MOST_ON_LEAVING / 4 && new Blob([body]).size > MOST_ON_LEAVING) return;
    fetch(`${path}/draft`, { method: "POST", keepalive: true, headers: { "content-type": "application/json" }, body }).catch(() => {});
  });
  addEventListener("pageshow", (event) => {
    // From the cache of the browser: the server may know better by now.
    if (event.persisted) editor.signals.dispatchEvent(new Event("returned"));
  });
}

function show(state: KeepState, problem: string, retry: () => void): void {
  const saved = must("#saved");
  saved.dataset.state = state;
  const marks = { kept: "check", keeping: "refresh-cw", failing: "triangle-alert", conflict: "users" };
  const text = { kept: words.kept, keeping: words.keeping, failing: words.notKept(problem), conflict: words.conflict }[state];
  const again = state === "failing" && h("button", { class: "small", type: "button", onclick: retry }, words.tryAgain);
  saved.replaceChildren(icon(marks[state]), h("span", { title: text }, text), ...(again ? [again] : []));
  if (state === "failing") must("#live").textContent = text;
}

/** The server takes its time: who writes on should know that it is not there. */
function showLate(): void {
  const saved = must("#saved");
  saved.dataset.state = "late";
  saved.replaceChildren(icon("triangle-alert"), h("span", { title: words.lateTitle }, words.late));
  must("#live").textContent = words.lateTitle;
}

function learn(editor: Editor, kept: Kept): void {
  const draft = editor.boot.draft;
  draft.revision = kept.revision;
  draft.baseVersion = kept.baseVersion;
  draft.isChanged = kept.isChanged;
  editor.boot.report = kept.report;
  Object.assign(editor.boot.scenario, kept.scenario);
  editor.signals.dispatchEvent(new Event("draft"));
  editor.signals.dispatchEvent(new Event("report"));
}

function take(editor: Editor, { keeper }: Drafts, draft: Draft, undo?: string): void {
  const doc: Doc = { root: draft.root, links: draft.links };
  keeper.accept(doc, draft.revision);
  if (undo) editor.store.change(undo, doc);
  else editor.store.load(doc, "");
  keeper.accept(doc, draft.revision);
  learn(editor, draft);
}

async function copy(doc: Doc): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(JSON.stringify(doc.root, null, 2));
    return true;
  } catch {
    // Without a secure address or the person's leave there is no clipboard.
    return false;
  }
}

/** A version was restored on its page: that is a step, which undo takes back. */
async function afterRestore(editor: Editor, { keeper, path }: Drafts): Promise<void> {
  const here = new URL(location.href);
  const version = here.searchParams.get("restored");
  if (version === null) return;
  here.searchParams.delete("restored");
  history.replaceState(history.state, "", here);
  try {
    const before = await editor.get<{ root: Json; links: Record<string, Json> }>(`${path}/draft/replaced`);
    const { doc } = editor.store;
    if (editor.store.canUndo || keeper.isUnkept) return;
    editor.store.load({ root: before.root, links: before.links }, "");
    // Nothing is sent: this is what the server has.
    keeper.accept(doc, keeper.revision);
    editor.store.change(words.restored(Number(version)), doc);
    keeper.accept(doc, keeper.revision);
    editor.say(words.restored(Number(version)), "ok", { label: words.undo, run: () => editor.store.undo() });
  } catch {
    // It is the draft all the same; the versions page takes the other one back.
  }
}

let isDeciding = false;

/** Two drafts, one place: a person says which. Nothing is thrown away. */
function decide(editor: Editor, service: Drafts, conflict: Conflict): void {
  if (isDeciding) return;
  isDeciding = true;
  const dialog = openDialog(words.conflictTitle, () => {
    isDeciding = false;
    if (service.keeper.state === "conflict") showConflict(editor, service, conflict);
  });
  const theirs = async () => {
    try {
      const copied = await service.copyOurs();
      const draft = await editor.get<Draft>(`${service.path}/draft`);
      service.take(draft, words.loadTheirs);
      editor.say(copied ? words.theirsLoadedCopied : words.theirsLoaded);
      dialog.close();
    } catch (error) {
      editor.say(error instanceof Error ? error.message : String(error), "bad");
    }
  };
  const mine = () => {
    service.keeper.overrule(conflict.revision);
    dialog.close();
    editor.say(words.mineKept);
  };
  const choice = (label: string, help: string, kind: string, run: () => unknown) =>
    h("div", { class: "decision" }, h("button", { class: kind, type: "button", onclick: run }, label), h("p", { class: "quiet" }, help));
  dialog.body.append(
    h("p", {}, words.conflictBy(who(conflict.by), agoWords(conflict.at))),
    choice(words.loadTheirs, words.loadTheirsHelp, "primary", theirs),
    choice(words.keepMine, words.keepMineHelp, "", mine),
  );
  dialog.foot.append(h("button", { type: "button", onclick: dialog.close }, words.decideLater));
}

/** Somebody by name; the person here is told apart. */
export function who(by: string | null): string {
  if (!by) return words.somebody;
  return by === document.body.dataset.user ? words.you : by;
}

/** The decision was put off: it waits in the bar. */
function showConflict(editor: Editor, service: Drafts, conflict: Conflict): void {
  const again = h("button", { class: "small", type: "button", onclick: () => decide(editor, service, conflict) }, words.conflict);
  must("#saved").replaceChildren(icon("users"), again);
}

/** Undo and redo say what they would do. */
function showUndo(editor: Editor): void {
  for (const [act, label] of [["undo", editor.store.canUndo], ["redo", editor.store.canRedo]] as const) {
    const button = document.querySelector<HTMLButtonElement>(`#bar [data-act="${act}"]`);
    if (!button) continue;
    button.dataset.name ??= button.getAttribute("aria-label") ?? "";
    const name = button.dataset.name;
    // A disabled button would drop the focus of who presses it repeatedly.
    button.setAttribute("aria-disabled", String(label === undefined));
    button.disabled = false;
    button.setAttribute("aria-label", label ? `${name}: ${label}` : name);
    button.title = label ? `${name}: ${label}` : name;
  }
}
