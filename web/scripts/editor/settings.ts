/** The panel of the scenario's settings. They stand in the blueprint, so that a
 *  change is a change of the draft like any other, with undo. */
import { h, icon, uniqueId } from "./dom";
import { drafts } from "./drafts";
import type { Editor, Panel } from "./editor";
import { at, put } from "./json";
import type { Bar } from "./keeper";
import { leave } from "./leave";
import { onAct, panelFrame } from "./shell";
import { words } from "./words/settings";

/** Make's values for what a blueprint does not say. */
const DEFAULTS: Record<string, boolean | number> = {
  dlq: false, sequential: false, confidential: false, dataloss: false, autoCommit: true, autoCommitTriggerLast: true,
  roundtrips: 1, maxErrors: 3,
};
const MOST = 10_000;

export function start(editor: Editor): void {
  editor.panels.set("settings", (_panel: Panel & { kind: "settings" }, box: HTMLElement) => open(editor, box));
  onAct(editor, "settings", () => (editor.panel?.kind === "settings" ? editor.close() : editor.open({ kind: "settings" })));
}

function open(editor: Editor, box: HTMLElement): () => void {
  const { body } = panelFrame(box, editor, { title: words.title, icon: "settings" });
  const switches = Object.entries(words.switches).map(([name, [label, help]]) => toggle(editor, name, label, help));
  const numbers = Object.entries(words.numbers).map(([name, [label, help]]) => number(editor, name, label, help));
  const schedule = h("p", {});
  const link = (text: string, where: string) => h("a", { class: "button small", href: drafts(editor).path + where, onclick: (event: MouseEvent) => go(editor, event, where) }, text);
  body.append(
    h("div", { class: "settings-panel" },
      h("p", { class: "quiet" }, words.lead),
      h("section", {}, h("h3", {}, words.whenLabel), schedule, link(words.schedule, "/schedule")),
      ...switches.map(({ element }) => element),
      ...numbers.map(({ element }) => element),
      h("section", {}, h("h3", {}, words.more), h("div", { class: "row" }, link(words.inputs, "/interface"), link(words.page, "/settings"))),
    ),
  );
  const show = () => {
    schedule.replaceChildren(icon("calendar-clock"), ` ${(editor.boot.scenario as Bar).schedule}`);
    for (const part of [...switches, ...numbers]) part.show();
  };
  show();
  const stop = editor.store.subscribe(show);
  editor.signals.addEventListener("scenario", show);
  return () => {
    stop();
    editor.signals.removeEventListener("scenario", show);
  };
}

function go(editor: Editor, event: MouseEvent, where: string): void {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  void leave(editor, where);
}

function path(name: string): string[] {
  return ["metadata", "scenario", name];
}

function write(editor: Editor, name: string, label: string, value: boolean | number): void {
  const { root, links } = editor.store.doc;
  if (at(root, path(name)) === value) return;
  editor.change(words.change(label), { root: put(root, path(name), value), links }, { merge: `setting-${name}` });
}

interface Part {
  element: HTMLElement;
  /** Shows what the document says now: after an undo, for example. */
  show: () => void;
}

function toggle(editor: Editor, name: string, label: string, help: string): Part {
  const [labelId, helpId] = [uniqueId("setting"), uniqueId("help")];
  const value = () => at(editor.store.doc.root, path(name)) ?? DEFAULTS[name];
  const button = h("button", {
    type: "button", class: "switch", role: "switch", "aria-labelledby": labelId, "aria-describedby": helpId,
    onclick: () => write(editor, name, label, value() !== true),
  }, h("i", {}));
  const element = h("div", { class: "setting" }, button, h("span", {}, h("b", { id: labelId }, label), h("small", { id: helpId }, help)));
  return { element, show: () => button.setAttribute("aria-checked", String(value() === true)) };
}

function number(editor: Editor, name: string, label: string, help: string): Part {
  const helpId = uniqueId("help");
  const input = h("input", { type: "number", min: 1, max: MOST, inputmode: "numeric", "aria-describedby": helpId });
  const note = h("small", { id: helpId }, help);
  input.addEventListener("input", () => {
    const typed = Number(input.value);
    const fits = Number.isInteger(typed) && typed >= 1 && typed <= MOST;
    input.setAttribute("aria-invalid", String(!fits));
    note.textContent = fits ? help : words.tooSmall;
    if (fits) write(editor, name, label, typed);
  });
  const show = () => {
    // What is being typed is left alone.
    if (document.activeElement === input) return;
    input.value = String(at(editor.store.doc.root, path(name)) ?? DEFAULTS[name]);
  };
  return { element: h("label", {}, label, input, note), show };
}
