/** The bar beyond keeping: publish with a note and what changes in words, on
 *  and off with the reasons against it, the name, the sentences. */
import { type Dialog, openDialog } from "./dialog";
import { h, icon, must } from "./dom";
import { type Draft, drafts } from "./drafts";
import { type Editor, Refused } from "./editor";
import { type Collection, type Json, isCollection } from "./json";
import type { Bar, Kept } from "./keeper";
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
  onAct(editor, "switch", () => switchTo(editor, !editor.boot.scenario.isOn));
  onAct(editor, "rename", () => rename(editor));
  onAct(editor, "more", (button) => openMore(editor, button));
  onAct(editor, "versions", () => leave(editor, "/versions"));
  for (const signal of ["draft", "scenario"]) editor.signals.addEventListener(signal, () => showBar(editor));
  editor.store.subscribe(() => showBar(editor));
  showBar(editor);
}

/** Whatever the bar says, from what is known now. */
function showBar(editor: Editor): void {
  const { scenario, draft } = editor.boot as Editor["boot"] & { scenario: Bar };
  const isChanged = draft.isChanged || drafts(editor).keeper.isUnkept;
  const publish = must<HTMLButtonElement>("#publish");
  publish.disabled = false;
  publish.setAttribute("aria-disabled", String(!isChanged));
  publish.title = isChanged ? words.draftTitle : words.nothingToPublish;
  must("#draft-sign").hidden = !isChanged;
  const toggle = must("#switch");
  toggle.setAttribute("aria-checked", String(scenario.isOn));
  const state = must("#is-on");
  state.textContent = scenario.isOn ? words.on : words.off;
  state.classList.toggle("is-on", scenario.isOn);
  must("#schedule").textContent = scenario.schedule;
  const sentence = must("#sentence");
  sentence.textContent = scenario.sentence;
  sentence.title = scenario.sentence;
  const name = document.querySelector("#bar .name");
  if (name) name.textContent = scenario.name;
}

function learnBar(editor: Editor, scenario: Bar): void {
  Object.assign(editor.boot.scenario, scenario);
  editor.signals.dispatchEvent(new Event("scenario"));
}

function tell(editor: Editor, error: unknown): void {
  editor.say(error instanceof Error ? error.message : String(error), "bad");
}

/** Goes to another page of the scenario once everything is kept. */
async function leave(editor: Editor, where: string): Promise<void> {
  try {
    await drafts(editor).flush();
    location.href = drafts(editor).path + where;
  } catch (error) {
    tell(editor, error);
  }
}

async function openPublish(editor: Editor, thenOn = false): Promise<void> {
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
  const send = h("button", { class: "primary", type: "button" }, thenOn ? words.publishAndOn : words.publish);
  send.addEventListener("click", async () => {
    if (send.getAttribute("aria-disabled") === "true") return;
    send.setAttribute("aria-disabled", "true");
    if (await publish(editor, dialog, note.value, refusal)) {
      if (thenOn) await switchTo(editor, true);
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
  return [h("section", { class: "notice warn" }, icon("triangle-alert"), h("div", { class: "grow" }, h("h3", {}, words.problems), h("p", { class: "quiet" }, words.problemsHelp), h("ul", { class: "problem-list" }, ...rows)))];
}

async function publish(editor: Editor, dialog: Dialog, note: string, refusal: HTMLElement): Promise<boolean> {
  const service = drafts(editor);
  try {
    await service.flush();
    const kept = await editor.post<Kept & { version: number }>(`${service.path}/publish`, { revision: service.keeper.revision, note });
    service.keeper.accept(editor.store.doc, kept.revision);
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
function showRefusal(editor: Editor, dialog: Dialog, box: HTMLElement, heading: string, error: unknown): void {
  const listed = error instanceof Refused && isCollection(error.body) ? texts(error.body) : [];
  const reasons = listed.length > 0 ? listed : [error instanceof Error ? error.message : String(error)];
  const rows = reasons.map((reason) => {
    const id = /\[(-?\d+)\]/.exec(reason)?.[1];
    const linked = id !== undefined && editor.store.entry(id);
    return h("li", {}, linked ? moduleButton(editor, dialog, id, reason) : reason);
  });
  box.replaceChildren(h("div", { class: "notice bad" }, icon("octagon-x"), h("div", { class: "grow" }, h("b", {}, heading), h("ul", { class: "problem-list" }, ...rows))));
  box.scrollIntoView({ block: "nearest" });
}

function texts(body: Collection): string[] {
  const list: Json[] = Array.isArray(body.problems) ? body.problems : [];
  return list.filter((text) => typeof text === "string");
}

async function discard(editor: Editor, dialog: Dialog): Promise<void> {
  const service = drafts(editor);
  if (!(await editor.ask(words.discardTitle, words.discardYes, words.discardDetails))) return;
  try {
    await service.copyOurs();
    const draft = await editor.post<Draft>(`${service.path}/draft/discard`, { revision: service.keeper.revision });
    service.take(draft, words.discardYes);
    dialog.close();
    editor.say(words.discarded);
  } catch (error) {
    tell(editor, error);
  }
}

/** What runs is the live version: an unpublished draft is asked about first. */
async function switchTo(editor: Editor, on: boolean): Promise<void> {
  const service = drafts(editor);
  try {
    await service.flush();
    if (on && editor.boot.draft.isChanged) return askFirst(editor);
    await setSwitch(editor, on);
  } catch (error) {
    showSwitchRefusal(editor, error);
  }
}

async function setSwitch(editor: Editor, on: boolean): Promise<void> {
  const answer = await editor.post<{ scenario: Bar; open?: string }>(`${drafts(editor).path}/edit/switch`, { on });
  if (answer.open) {
    location.href = answer.open;
    return;
  }
  learnBar(editor, answer.scenario);
  editor.say(on ? words.switchedOn : words.switchedOff);
}

function showSwitchRefusal(editor: Editor, error: unknown): void {
  if (!(error instanceof Refused) || error.status !== 422) return tell(editor, error);
  const dialog = openDialog(words.cannotSwitchOn);
  const box = h("div", {});
  dialog.body.append(box);
  showRefusal(editor, dialog, box, words.problems, error);
}

function askFirst(editor: Editor): void {
  const dialog = openDialog(words.draftBeforeOn);
  dialog.body.append(h("p", {}, words.draftBeforeOnDetails));
  const then = (run: () => Promise<void>) => () => {
    dialog.close();
    run().catch((error: unknown) => showSwitchRefusal(editor, error));
  };
  dialog.foot.append(
    h("button", { type: "button", onclick: then(() => setSwitch(editor, true)) }, words.onAsItIs),
    h("button", { type: "button", class: "primary", onclick: then(() => openPublish(editor, true)) }, words.publishAndOn),
  );
}

/** The name becomes a field in its place. */
function rename(editor: Editor): void {
  const heading = must("#title");
  const button = heading.querySelector<HTMLElement>(".name");
  if (!button) return;
  const input = h("input", { value: editor.boot.scenario.name, maxlength: 120, "aria-label": words.rename });
  let isOver = false;
  const done = async (keep: boolean) => {
    if (isOver) return;
    isOver = true;
    const name = input.value.trim();
    const hadFocus = document.activeElement === input;
    heading.replaceChildren(button);
    if (hadFocus) button.focus();
    if (!keep || !name || name === editor.boot.scenario.name) return;
    try {
      learnBar(editor, (await editor.post<{ scenario: Bar }>(`${drafts(editor).path}/edit/rename`, { name })).scenario);
      document.title = document.title.replace(/^.*?(?= · )/, () => name);
    } catch (error) {
      tell(editor, error);
    }
  };
  input.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key !== "Enter" && event.key !== "Escape") return;
    // The focus goes to the button, which must not be pressed by the same key.
    event.preventDefault();
    void done(event.key === "Enter");
  });
  input.addEventListener("blur", () => void done(true));
  heading.replaceChildren(input);
  input.select();
}

function openMore(editor: Editor, button: HTMLElement): void {
  const { isOn } = editor.boot.scenario;
  const go = (where: string) => () => void leave(editor, where);
  editor.menu(button, [
    { label: isOn ? words.switchOff : words.switchOn, icon: "power", run: () => void switchTo(editor, !isOn) },
    { label: words.versions, icon: "history", run: go("/versions") },
    { label: words.schedule, icon: "calendar-clock", run: go("/schedule") },
    { label: words.exportBlueprint, icon: "download", run: go("/export?draft=1") },
    { label: words.history, icon: "activity", separated: true, run: go("/history") },
    { label: words.page, icon: "arrow-left", run: go("") },
    { label: words.discard, icon: "undo-2", danger: true, separated: true, disabled: !editor.boot.draft.isChanged, run: () => void discardFromMenu(editor) },
  ]);
}

async function discardFromMenu(editor: Editor): Promise<void> {
  try {
    await drafts(editor).flush();
  } catch (error) {
    return tell(editor, error);
  }
  await discard(editor, { close: () => {} } as Dialog);
}
