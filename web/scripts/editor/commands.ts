/** What can be done with what is selected: one function per act, for keys,
 *  menus and buttons alike. */
import { addNote, allModules, apply, begin, connect, connectError, disconnect, duplicate, find, heal, isPlaceholder, labelOf, moduleAt, ownName, referencesOf, remove, rename, takesHandler, targetsOf, toggle } from "./blueprint";
import { copySelection, cutSelection, pasteFromMenu } from "./clipboard";
import { openDialog } from "./dialog";
import { h, uniqueId } from "./dom";
import type { Catalogue, Editor } from "./editor";
import { later } from "./later";
import { type Entry, list, moduleId } from "./tree";
import { at } from "./json";
import type { Point } from "./blueprint/room";
import { words } from "./words/menus";

/** The catalogue once it has come; names are better with it, none needs it. */
let catalogue: Catalogue | undefined;

export function start(editor: Editor): void {
  // F2 on the canvas.
  editor.signals.addEventListener("rename", (event) => commands(editor).rename((event as CustomEvent<{ key: string }>).detail.key));
  editor.catalogue().then(know, () => undefined);
}

/** Remembers the catalogue for names; it may have come late. */
export function know(found: Catalogue): void {
  catalogue = found;
}

export function named(): Catalogue | undefined {
  return catalogue;
}

export interface Commands {
  /** Ctrl+C, Ctrl+X and Ctrl+V need no key of their own: `clipboard.ts` hears
   *  the browser's events. These are for menus. */
  copy(): void;
  cut(): void;
  paste(where?: { at?: Point; after?: string }): void;
  duplicate(): void;
  /** Deletes; what followed lies loose. */
  remove(): void;
  /** Deletes; what followed moves up. */
  heal(): void;
  selectAll(): void;
  /** Opens the picker behind the current module, or for the first one. */
  addAfter(key?: string): void;
  addError(key?: string): void;
  replace(key?: string): void;
  rename(key?: string): void;
  /** Switches off, or on again. */
  toggle(): void;
  note(key?: string): void;
  settings(key?: string): void;
  filter(key?: string): void;
  inspect(key?: string): void;
  runOnly(key?: string): void;
  connect(key?: string): void;
  /** Hangs a loose part on a module as its error route. */
  handleWith(key?: string): void;
  disconnect(key?: string): void;
  begin(key?: string): void;
}

export function commands(editor: Editor): Commands {
  const current = (key?: string): string | undefined => key ?? editor.selection.current;
  /** Does it for the module at hand, else says that there is none. */
  const withKey = (key: string | undefined, run: (key: string) => void): void => {
    const chosen = current(key);
    if (chosen === undefined || !find(editor.store.doc, chosen)) editor.say(words.nothing, "warn");
    else run(chosen);
  };
  const pick = (key: string, where: "after" | "error" | "instead"): void => {
    const anchor = editor.services.scene?.element(key) ?? document.body;
    editor.services.picker?.open(where === "after" ? { after: key } : where === "error" ? { error: key } : { instead: key }, anchor);
  };
  return {
    copy: () => void copySelection(editor),
    cut: () => void cutSelection(editor),
    paste: (where) => void pasteFromMenu(editor, where),
    duplicate: () => {
      const edit = duplicate(editor.store.doc, editor.selection.keys);
      if (apply(editor, edit) && edit.select?.[0]) editor.services.scene?.reveal(edit.select[0], { focus: true });
    },
    remove: () => void removeSelected(editor, false),
    heal: () => void removeSelected(editor, true),
    selectAll: () => {
      const keys = editor.store.entries.map((entry) => entry.key);
      editor.selection.set(keys);
      editor.say(words.selected(keys.length));
    },
    addAfter: (key) => addAfter(editor, key),
    addError: (key) => withKey(key, (chosen) => (takesHandler(moduleAt(editor.store.doc, chosen) ?? {}) ? pick(chosen, "error") : editor.say(words.noHandler, "warn"))),
    replace: (key) => withKey(key, (chosen) => pick(chosen, "instead")),
    rename: (key) => withKey(key, (chosen) => askForName(editor, chosen)),
    toggle: () => {
      if (editor.selection.keys.length === 0) editor.say(words.nothing, "warn");
      else apply(editor, toggle(editor.store.doc, editor.selection.keys, catalogue));
    },
    note: (key) => withKey(key, (chosen) => openNote(editor, { module: chosen })),
    settings: (key) =>
      withKey(key, (chosen) => {
        if (isPlaceholder(moduleAt(editor.store.doc, chosen) ?? {})) pick(chosen, "instead");
        else editor.open({ kind: "module", key: chosen });
      }),
    filter: (key) => withKey(key, (chosen) => editor.open({ kind: "filter", key: chosen })),
    inspect: (key) => withKey(key, (chosen) => editor.open({ kind: "inspect", key: chosen })),
    runOnly: (key) => withKey(key, (chosen) => editor.open({ kind: "run-module", key: chosen })),
    connect: (key) => withKey(key, (chosen) => void connectTo(editor, chosen)),
    handleWith: (key) => withKey(key, (chosen) => void handleWith(editor, chosen)),
    disconnect: (key) => withKey(key, (chosen) => void apply(editor, disconnect(editor.store.doc, chosen, catalogue))),
    begin: (key) => withKey(key, (chosen) => void apply(editor, begin(editor.store.doc, chosen, catalogue))),
  };
}

/** Behind the current module, else behind the last one, else the first one. */
function addAfter(editor: Editor, key: string | undefined): void {
  const { scene, picker } = editor.services;
  const connected = editor.store.entries.filter((entry) => !entry.isOrphan);
  const last = connected.filter((entry) => entry.flow.length === 1).at(-1);
  const chosen = key ?? editor.selection.current ?? last?.key;
  if (connected.length === 0 || chosen === undefined || !find(editor.store.doc, chosen)) {
    const middle = scene?.middle() ?? { x: 0, y: 0 };
    picker?.open({ place: middle }, document.querySelector("#world .first circle") ?? { x: innerWidth / 2, y: innerHeight / 3 });
    return;
  }
  scene?.reveal(chosen);
  picker?.open({ after: chosen }, scene?.element(chosen) ?? { x: innerWidth / 2, y: innerHeight / 3 });
}

/** Deletes what is selected, and says what that did beside: it can be undone,
 *  so nobody is asked. Answers with whether something went. */
export function removeSelected(editor: Editor, heals: boolean): boolean {
  const { doc } = editor.store;
  const { keys } = editor.selection;
  if (keys.length === 0) {
    editor.say(words.nothing, "warn");
    return false;
  }
  const ids = new Set(keys.map((key) => find(doc, key)?.id));
  const edit = heals ? heal(doc, keys, catalogue) : remove(doc, keys, catalogue);
  const { panel } = editor;
  if (panel && "key" in panel && keys.includes(panel.key)) editor.close();
  if (!apply(editor, edit)) return false;
  const loose = orphans(editor) - list(at(doc.root, ["metadata", "designer", "orphans"])).length;
  const users = allModules(editor.store.doc.root).filter((module) => referencesOf(module).some((id) => ids.has(id))).map(moduleId);
  const sentences = [words.removed(keys.length), loose > 0 && words.loose(loose), users.length > 0 && words.gone(users.join(", "))];
  editor.say(sentences.filter(Boolean).join(" "), users.length > 0 ? "warn" : "ok", { label: words.undo, run: () => editor.store.undo() });
  const [next] = edit.select ?? [];
  if (next !== undefined) editor.services.scene?.reveal(next, { focus: true });
  return true;
}

function orphans(editor: Editor): number {
  return list(at(editor.store.doc.root, ["metadata", "designer", "orphans"])).length;
}

/** Adds a note and opens it for writing. */
export function openNote(editor: Editor, target: Parameters<typeof addNote>[1]): void {
  const edit = addNote(editor.store.doc, target);
  if (apply(editor, edit)) editor.open({ kind: "note", index: edit.index });
}

function askForName(editor: Editor, key: string): void {
  const module = moduleAt(editor.store.doc, key);
  if (!module) return;
  const helpId = uniqueId("rename-help");
  const field = h("input", { type: "text", maxlength: 120, "aria-describedby": helpId, value: ownName(module) ?? "", placeholder: labelOf({ ...module, metadata: {} }, catalogue) });
  const dialog = openDialog(words.renameTitle, () => editor.services.scene?.reveal(key, { focus: true }));
  const save = (): void => {
    apply(editor, rename(editor.store.doc, key, field.value, catalogue));
    dialog.close();
  };
  const form = h("form", { class: "stack", method: "dialog" }, h("label", {}, words.name, field), h("p", { class: "quiet", id: helpId }, words.nameHelp));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save();
  });
  dialog.body.append(form);
  dialog.foot.append(h("button", { type: "button", onclick: () => dialog.close() }, words.cancel), h("button", { type: "button", class: "primary", onclick: save }, words.ok));
  field.focus();
  field.select();
}

async function connectTo(editor: Editor, key: string): Promise<void> {
  const { doc, entries } = editor.store;
  const from = find(doc, key);
  if (!from) return;
  const targets = targetsOf(entries, entries.find((entry) => entry.key === key) ?? from).filter((entry) => !isPlaceholder(entry.module));
  if (targets.length === 0) return editor.say(words.noTargets, "warn");
  // Loose parts first: connecting those is what people come for.
  const rank = (entry: (typeof targets)[number]) => (entry.isOrphan && entry.parent === undefined ? 0 : entry.isOrphan ? 1 : 2);
  const sorted = [...targets].sort((a, b) => rank(a) - rank(b));
  const to = await later(editor, "find", ({ chooseModule }) => chooseModule(editor, words.connectTitle(labelOf(from.module, catalogue)), sorted, catalogue));
  if (to !== undefined && apply(editor, connect(editor.store.doc, key, to, catalogue))) editor.services.scene?.reveal(to, { focus: true });
}

/** Loose parts that a module does not belong to. */
export function looseParts(editor: Editor, entry: Entry): Entry[] {
  return targetsOf(editor.store.entries, entry).filter((other) => other.isOrphan && other.parent === undefined && !isPlaceholder(other.module));
}

async function handleWith(editor: Editor, key: string): Promise<void> {
  const entry = editor.store.entry(key);
  if (!entry) return;
  const to = await later(editor, "find", ({ chooseModule }) => chooseModule(editor, words.handleTitle(labelOf(entry.module, catalogue)), looseParts(editor, entry), catalogue));
  if (to !== undefined && apply(editor, connectError(editor.store.doc, key, to, catalogue))) editor.services.scene?.reveal(to, { focus: true });
}
