/** The bar beyond keeping and publishing: on and off with the reasons against
 *  it, the name, the sentences, the menu. */
import { openDialog } from "./dialog";
import { h, must } from "./dom";
import { drafts } from "./drafts";
import { type Editor, Refused } from "./editor";
import type { Bar } from "./keeper";
import { later } from "./later";
import { leave } from "./leave";
import { onAct } from "./shell";
import { words } from "./words/drafts";
import { words as report } from "./words/rehearsal";

export function start(editor: Editor): void {
  onAct(editor, "switch", () => switchTo(editor, !editor.boot.scenario.isOn));
  onAct(editor, "rename", () => rename(editor));
  onAct(editor, "more", (button) => openMore(editor, button));
  onAct(editor, "failures", () => leave(editor, "/failures"));
  onAct(editor, "sentence", readWhole);
  onAct(editor, "versions", () => leave(editor, "/versions"));
  for (const signal of ["draft", "scenario"]) editor.signals.addEventListener(signal, () => showBar(editor));
  editor.store.subscribe(() => showBar(editor));
  showBar(editor);
}

/** A long sentence is cut to its line until it is pressed. */
function readWhole(sentence: HTMLElement): void {
  const isWhole = sentence.getAttribute("aria-expanded") !== "true";
  sentence.setAttribute("aria-expanded", String(isWhole));
  must("#bar").classList.toggle("is-told", isWhole);
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
  const failures = must<HTMLAnchorElement>("#failures");
  const count = scenario.failures ?? 0;
  if (count > 0 && failures.dataset.count !== String(count)) must("#live").textContent = words.failures(count);
  failures.dataset.count = String(count);
  failures.hidden = count === 0;
  failures.textContent = words.failures(count);
  must("#schedule").textContent = scenario.schedule;
  const sentence = must("#sentence");
  sentence.textContent = scenario.sentence;
  sentence.title = scenario.sentence;
  const more = must("[data-act=more]");
  more.dataset.count = String(toCheck(editor) || "");
  more.title = toCheck(editor) > 0 ? reportLabel(editor) : (more.getAttribute("aria-label") ?? "");
  const name = document.querySelector("#bar .name");
  if (name) name.textContent = scenario.name;
}

function learnBar(editor: Editor, scenario: Bar): void {
  Object.assign(editor.boot.scenario, scenario);
  editor.signals.dispatchEvent(new Event("scenario"));
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
  void later(editor, "publish", ({ showRefusal }) => showRefusal(editor, dialog, box, "", error));
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
    h("button", { type: "button", class: "primary", onclick: then(async () => later(editor, "publish", ({ openPublish }) => openPublish(editor, { label: words.publishAndOn, run: () => switchTo(editor, true) }))) }, words.publishAndOn),
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
    { label: reportLabel(editor), icon: "list-checks", run: () => editor.open({ kind: "report" }) },
    { label: words.versions, icon: "history", separated: true, run: go("/versions") },
    { label: words.schedule, icon: "calendar-clock", run: go("/schedule") },
    { label: words.exportBlueprint, icon: "download", run: go("/export?draft=1") },
    { label: words.history, icon: "activity", separated: true, run: go("/history") },
    { label: words.page, icon: "arrow-left", run: go("") },
    { label: words.discard, icon: "undo-2", danger: true, separated: true, disabled: !editor.boot.draft.isChanged, run: () => void discardFromMenu(editor) },
  ]);
}

/** How many modules should be looked at. */
function toCheck(editor: Editor): number {
  return editor.boot.report.filter((module) => module.status !== "same").length;
}

function reportLabel(editor: Editor): string {
  const count = toCheck(editor);
  return count > 0 ? report.reportMenuWith(count) : report.reportMenu;
}

async function discardFromMenu(editor: Editor): Promise<void> {
  try {
    await drafts(editor).flush();
  } catch (error) {
    return tell(editor, error);
  }
  await later(editor, "publish", ({ discard }) => discard(editor));
}

function tell(editor: Editor, error: unknown): void {
  editor.say(error instanceof Error ? error.message : String(error), "bad");
}
