/** The mapping field with pills: CodeMirror around the stored text itself.
 *  Loaded on first use. */
import { closeCompletion } from "@codemirror/autocomplete";
import { history, redo, redoDepth, standardKeymap, undo, undoDepth } from "@codemirror/commands";
import { EditorSelection, EditorState, type Extension, Transaction } from "@codemirror/state";
import { EditorView, dropCursor, keymap, placeholder, tooltips } from "@codemirror/view";
import { difference } from "../edits";
import { type Insertion, insert } from "../insertion";
import type { World } from "../world";
import { completeAnew, completion } from "./completion";
import { dragging } from "./dragging";
import { hints } from "./hints";
import { errorAt, pills, refreshPills } from "./pills";
import { theme } from "./theme";
import { dispatchEdit, keepFormulas, typing } from "./typing";

export interface RichOptions {
  parent: HTMLElement;
  root: ShadowRoot;
  label: string;
  placeholder: string;
  isMultiline: boolean;
  world: World;
  value: string;
  selection: [number, number];
  onInput: (value: string) => void;
  onUndo: () => void;
  onRedo: () => void;
}

/** The field with pills, as `<mapping-field>` uses it. */
export interface Rich {
  value: string;
  focus(): void;
  insert(what: Insertion, takesFocus: boolean): void;
  setError(at: number | undefined): void;
  destroy(): void;
}

export function createRich(options: RichOptions): Rich {
  const { world } = options;
  const view = new EditorView({
    parent: options.parent,
    root: options.root,
    state: EditorState.create({
      doc: options.value,
      selection: EditorSelection.single(...options.selection),
      extensions: extensions(options),
    }),
  });
  let wasKnown = world.isKnown;
  const unsubscribe = world.onChange(() => {
    view.dispatch({ effects: refreshPills.of(null) });
    if (!wasKnown && world.isKnown) completeAnew(view);
    wasKnown = world.isKnown;
  });
  return {
    get value() {
      return view.state.doc.toString();
    },
    set value(value: string) {
      const changes = difference(view.state.doc.toString(), value);
      // Comes from outside, such as the editor's undo: no step of our own.
      view.dispatch({ changes, annotations: Transaction.addToHistory.of(false), userEvent: "set" });
    },
    focus: () => view.focus(),
    insert: (what, takesFocus) => {
      const { from, to } = view.state.selection.main;
      closeCompletion(view);
      dispatchEdit(view, world, insert(view.state.doc.toString(), from, to, what), "input.pill");
      if (takesFocus) view.focus();
    },
    setError: (at) => {
      if (view.state.field(errorAt) !== at) view.dispatch({ effects: errorAt.set.of(at) });
    },
    destroy: () => {
      unsubscribe();
      view.destroy();
    },
  };
}

function extensions(options: RichOptions): Extension[] {
  const { world, isMultiline } = options;
  return [
    // Only this is a line break: the text stays as it is stored.
    EditorState.lineSeparator.of("\n"),
    EditorState.allowMultipleSelections.of(false),
    EditorView.lineWrapping,
    history(),
    errorAt,
    pills(world),
    typing(world, isMultiline),
    keepFormulas(world),
    completion(world),
    dragging(world),
    hints(world),
    dropCursor(),
    tooltips({ tooltipSpace: freeSpace }),
    placeholder(options.placeholder),
    keymap.of([...undoKeys(options), ...standardKeymap]),
    theme(isMultiline),
    EditorView.contentAttributes.of({
      "aria-label": options.label,
      "aria-multiline": String(isMultiline),
      "aria-describedby": "help",
      tabindex: "0",
      spellcheck: "false",
      autocapitalize: "off",
    }),
    EditorView.updateListener.of((update) => {
      const isOwn = update.docChanged && !update.transactions.every((transaction) => !transaction.docChanged || transaction.isUserEvent("set"));
      if (isOwn) options.onInput(update.state.doc.toString());
    }),
  ];
}

/** The window without the sheet of the mapping panel. */
function freeSpace() {
  const sheet = document.querySelector(".mapping-panel.is-sheet");
  return { left: 8, top: 8, right: innerWidth - 8, bottom: sheet ? sheet.getBoundingClientRect().top : innerHeight - 8 };
}

/** Its own history first; when there is none left, the editor's. */
function undoKeys({ onUndo, onRedo }: RichOptions) {
  const back = (view: EditorView) => {
    if (undoDepth(view.state) > 0) undo(view);
    else onUndo();
    return true;
  };
  const forth = (view: EditorView) => {
    if (redoDepth(view.state) > 0) redo(view);
    else onRedo();
    return true;
  };
  return [
    { key: "Mod-z", run: back, preventDefault: true },
    { key: "Mod-y", mac: "Mod-Shift-z", run: forth, preventDefault: true },
    { linux: "Ctrl-Shift-z", win: "Ctrl-Shift-z", run: forth, preventDefault: true },
  ];
}

