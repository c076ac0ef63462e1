/** Publishing: with a note, with what changes in words and what to look at; and
 *  giving the draft up. */
import { type Dialog, openDialog } from "./dialog";
import { h, icon } from "./dom";
import { type Draft, drafts } from "./drafts";
import { type Editor, Refused } from "./editor";
import { type Collection, type Json, isCollection } from "./json";
import type { Kept } from "./keeper";
import { leave } from "./leave";
import { onAct } from "./shell";
import { words } from "./words/drafts";

/** What a change does to a module or to the scenario, in words. */
interface Change {
  kind: "added" | "removed" | "changed";
  /** The module's number; nothing for the scenario itself. */
  module: number | null;
  title: string;
  fields: string[];
}

/** Changes that the dialog lists; the compare page has all. */
const MOST_CHANGES = 40;
const LONGEST_NOTE = 500;

export function start(editor: Editor): void {
  onAct(editor, "publish", () => openPublish(editor));
}

export function tell(editor: Editor, error: unknown): void {
  editor.say(error instanceof Error ? error.message : String(error), "bad");
}

/** `then` is done once it is published, such as switching on. */
export async function openPublish(editor: Editor, then?: { label: string; run: () => Promise<void> }): Promise<void> {
  const service = drafts(editor);
  try {
    await service.flush();
  } catch (error) {
    return tell(editor, error);
  }
  if (!editor.boot.draft.isChanged) return editor.say(words.nothingToPublish);
  const dialog = openDialog(words.publishTitle);
  const note = h("textarea", { rows: 2, maxlength: LONGEST_NOTE });
  const changes = h("div", {}, h("p", { class: "quiet" }, words.counting));
  const refusal = h("div", { role: "alert" });
  const send = h("button", { class: "primary", type: "button" }, then?.label ?? words.publish);
  send.addEventListener("click", async () => {
    if (send.getAttribute("aria-disabled") === "true") return;
    send.setAttribute("aria-disabled", "true");
    if (await publish(editor, dialog, note.value, refusal)) {
      await then?.run();
    } else send.removeAttribute("aria-disabled");
  });
  dialog.body.append(
    h("p", {}, editor.boot.scenario.isOn ? words.publishTextOn : words.publishText),
    refusal,
    h("label", {}, words.note, note, h("small", {}, words.noteHelp)),
    h("section", {}, h("h3", {}, words.whatChanges), changes),
    ...problems(editor, dialog),
  );
  dialog.foot.append(
    h("button", { class: "danger quiet-act", type: "button", onclick: () => discard(editor, dialog) }, words.discard),
    send,
  );
  note.focus();
  try {
    showChanges(editor, dialog, changes, await editor.get<{ changes: Change[] }>(`${service.path}/edit/changes`));
  } catch (error) {
    changes.replaceChildren(h("p", { class: "quiet" }, error instanceof Error ? error.message : ""));
  }
}

function showChanges(editor: Editor, dialog: Dialog, box: HTMLElement, { changes }: { changes: Change[] }): void {
  if (changes.length === 0) return box.replaceChildren(h("p", { class: "quiet" }, words.noChanges));
  const signs = { added: ["+", words.added], removed: ["−", words.removed], changed: ["~", words.changed] } as const;
  const rows = changes.slice(0, MOST_CHANGES).map((change) => {
    const [sign, said] = signs[change.kind];
    return h(
      "li",
      { class: `is-${change.kind}` },
      h("span", { class: "sign", "aria-hidden": "true" }, sign),
      h("span", {}, h("span", { class: "hidden" }, `${said}: `), title(editor, dialog, change)),
      change.fields.length > 0 && h("span", { class: "fields" }, change.fields.slice(0, 4).join(" · ") + (change.fields.length > 4 ? ` · ${words.moreChanges(change.fields.length - 4)}` : "")),
    );
  });
  const left = changes.length - rows.length;
  box.replaceChildren(h("ul", { class: "changes" }, ...rows), left > 0 && h("p", { class: "quiet" }, words.moreChanges(left)) || "");
}

/** A module that is there can be gone to. */
function title(editor: Editor, dialog: Dialog, change: Change): Node | string {
  const key = String(change.module);
  if (change.module === null || !editor.store.entry(key)) return change.title;
  return moduleButton(editor, dialog, key, change.title);
}

function moduleButton(editor: Editor, dialog: Dialog, key: string, text: string): HTMLElement {
  const go = () => {
    dialog.close();
    editor.services.scene?.reveal(key);
    editor.selection.set([key]);
    editor.open({ kind: "module", key });
  };
  return h("button", { type: "button", class: "link", onclick: go }, text);
}

/** What the report says of the modules; only to be looked at, not in the way. */
function problems(editor: Editor, dialog: Dialog): HTMLElement[] {
  const rows = editor.boot.report
    .filter((module) => module.id !== null && module.status !== "same" && module.problems.length > 0)
    .map((module) => h("li", {}, moduleButton(editor, dialog, String(module.id), `[${module.id}]`), " ", module.problems.join(" ")));
  if (rows.length === 0) return [];
  return [h("section", { class: "notice warn" }, icon("triangle-alert"), h("div", { class: "grow" }, h("h3", {}, words.problems), h("p", { class: "quiet" }, editor.boot.scenario.isOn ? words.problemsHelpOn : words.problemsHelp), h("ul", { class: "problem-list" }, ...rows)))];
}

async function publish(editor: Editor, dialog: Dialog, note: string, refusal: HTMLElement): Promise<boolean> {
  const service = drafts(editor);
  try {
    await service.flush();
    // What is changed while the request is on its way is not in it.
    const doc = editor.store.doc;
    const kept = await editor.post<Kept & { version: number }>(`${service.path}/publish`, { revision: service.keeper.revision, note });
    service.keeper.accept(doc, kept.revision);
    service.learn(kept);
    dialog.close();
    editor.say(words.published(kept.version), "ok", { label: words.seeVersions, run: () => void leave(editor, "/versions") });
    return true;
  } catch (error) {
    showRefusal(editor, dialog, refusal, words.cannotPublish, error);
    return false;
  }
}

/** The reasons one by one; a number in brackets leads to its module. */
export function showRefusal(editor: Editor, dialog: Dialog, box: HTMLElement, heading: string, error: unknown): void {
  const listed = error instanceof Refused && isCollection(error.body) ? texts(error.body) : [];
  const reasons = listed.length > 0 ? listed : [error instanceof Error ? error.message : String(error)];
  const rows = reasons.map((reason) => {
    const id = /\[(-?\d+)\]/.exec(reason)?.[1];
    const linked = id !== undefined && editor.store.entry(id);
    return h("li", {}, linked ? moduleButton(editor, dialog, id, reason) : reason);
  });
  box.replaceChildren(h("div", { class: "notice bad" }, icon("octagon-x"), h("div", { class: "grow" }, heading && h("b", {}, heading), h("ul", { class: "problem-list" }, ...rows))));
  box.scrollIntoView({ block: "nearest" });
}

function texts(body: Collection): string[] {
  const list: Json[] = Array.isArray(body.problems) ? body.problems : [];
  return list.filter((text) => typeof text === "string");
}

/** Asks first; ours is copied away, and one undo brings it back. */
export async function discard(editor: Editor, dialog?: Dialog): Promise<void> {
  const service = drafts(editor);
  if (!(await editor.ask(words.discardTitle, words.discardYes, words.discardDetails))) return;
  try {
    await service.copyOurs();
    const draft = await editor.post<Draft>(`${service.path}/draft/discard`, { revision: service.keeper.revision });
    service.take(draft, words.discardYes);
    dialog?.close();
    editor.say(words.discarded);
  } catch (error) {
    tell(editor, error);
  }
}
