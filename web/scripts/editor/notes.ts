/** The panel of a note: its text, its colour, and how to be rid of it. */
import { COLOURS, type Note, apply, find, labelOf, notesOf, removeNote, setNote } from "./blueprint";
import { named } from "./commands";
import { h, icon } from "./dom";
import type { Editor, Panel } from "./editor";
import { panelFrame } from "./shell";
import { words } from "./words/menus";

export function start(editor: Editor): void {
  editor.panels.set("note", (panel: Panel & { kind: "note" }, box: HTMLElement) => show(editor, panel.index, box));
}

function show(editor: Editor, index: number, box: HTMLElement): () => void {
  const note = notesOf(editor.store.doc.root)[index];
  const { body, foot } = panelFrame(box, editor, { title: words.note, icon: "sticky-note" });
  if (!note) return () => undefined;
  const field = h("textarea", { rows: 8, maxlength: 5_000 });
  field.value = note.text;
  const edit = (next: { text?: string; color?: string }, merge?: string) => void apply(editor, setNote(editor.store.doc, index, next), merge === undefined ? {} : { merge });
  field.addEventListener("input", () => edit({ text: field.value }, `note-${index}`));
  body.append(h("p", { class: "quiet" }, about(editor, note)), h("div", { class: "stack" }, h("label", {}, words.noteText, field), swatches(note, (color) => edit({ color })), h("p", { class: "quiet" }, words.noteEmpty)));
  let isGone = false;
  const remove = (): void => {
    isGone = true;
    editor.close();
    apply(editor, removeNote(editor.store.doc, index));
  };
  foot.append(h("button", { type: "button", class: "small danger", onclick: remove }, icon("trash-2"), words.noteDelete));
  // Once the menu that asked for it has given the focus back.
  const write = (): void => {
    if (!field.isConnected) return;
    field.focus({ preventScroll: true });
    field.select();
  };
  write();
  requestAnimationFrame(write);
  // Undo may change the text, or take the note away, while the panel is open.
  const stop = editor.store.subscribe(({ kind }) => {
    if (kind === "change") return;
    const now = notesOf(editor.store.doc.root)[index];
    if (now) field.value = now.text;
    else queueMicrotask(() => editor.close());
  });
  return () => {
    stop();
    const left = notesOf(editor.store.doc.root)[index];
    if (!isGone && left?.text === "") queueMicrotask(() => apply(editor, removeNote(editor.store.doc, index)));
  };
}

function about(editor: Editor, note: Note): string {
  const [id] = note.modules;
  const entry = id === undefined ? undefined : find(editor.store.doc, String(id));
  if (!entry) return words.noteCanvas;
  const name = `${labelOf(entry.module, named())} (${id})`;
  return note.isFilter ? words.noteFilter(name) : words.noteAbout(name);
}

function swatches(note: Note, choose: (color: string) => void): HTMLElement {
  const current = note.color.toUpperCase();
  const colours: string[] = COLOURS.some((color) => color === current) ? [...COLOURS] : [current, ...COLOURS];
  const labels = colours.map((color) => {
    const dot = h("span", {});
    dot.style.background = color;
    const name = words.colours[color] ?? color;
    return h("label", { title: name }, h("input", { type: "radio", name: "note-colour", value: color, checked: color === current, "aria-label": name, onchange: () => choose(color) }), dot);
  });
  return h("fieldset", {}, h("legend", {}, words.noteColour), h("div", { class: "swatches" }, ...labels));
}
