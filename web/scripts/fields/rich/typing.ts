/** Typing, deleting and pasting in the field with pills: what is typed keeps
 *  its pairs, and what is deleted never leaves half a call behind. */
import { insertNewline } from "@codemirror/commands";
import { Annotation, EditorState, type Extension, type Transaction, type TransactionSpec } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { type Deletion, deleteBeside, deleteSelection, remove, settle } from "../deletion";
import { type Edit, apply, difference, edit } from "../edits";
import { copied, pasteInside } from "../insertion";
import { type Piece, atoms, read } from "../pieces";
import { type as typeSign } from "../typing";
import type { World } from "../world";
import { drawn } from "./pills";

/** Marks changes that are whole already; nothing is mended in them. */
const isMended = Annotation.define<boolean>();

/** Makes an edit; the caret goes out of the pill that it may be in. */
export function dispatchEdit(view: EditorView, world: World, change: Edit, userEvent: string): void {
  view.dispatch(specOf(view.state, world, change, userEvent));
}

function specOf(state: EditorState, world: World, change: Edit, userEvent: string): TransactionSpec {
  const found = atoms(read(apply(state.doc.toString(), change)), world.isKeyword);
  return {
    changes: [...change.changes],
    selection: { anchor: settle(found, change.from), head: settle(found, change.to) },
    annotations: isMended.of(true),
    scrollIntoView: true,
    userEvent,
  };
}

export function typing(world: World, isMultiline: boolean): Extension {
  return [
    EditorView.inputHandler.of(pairs(world)),
    EditorView.clipboardInputFilter.of((text) => text.replace(/\r\n?/g, "\n")),
    EditorView.clipboardOutputFilter.of((_text, state) => copied(state.doc.toString(), state.selection.main.from, state.selection.main.to)),
    EditorView.domEventHandlers({ paste: (event, view) => paste(view, world, event) }),
    keymap.of([
      { key: "Backspace", run: (view) => beside(view, world, -1), shift: (view) => beside(view, world, -1) },
      { key: "Delete", run: (view) => beside(view, world, 1) },
      { key: "Enter", run: isMultiline ? insertNewline : () => true },
    ]),
    isMultiline ? [] : EditorState.transactionFilter.of(onOneLine),
  ];
}

function pairs(world: World) {
  // `}}` is typed as two signs, but stepped over at the first.
  let closedAt: { doc: unknown; at: number } | undefined;
  return (view: EditorView, from: number, to: number, text: string): boolean => {
    if (view.composing) return false;
    const closed = closedAt;
    closedAt = undefined;
    if (text === "}" && closed?.doc === view.state.doc && closed.at === from && from === to) return true;
    const change = typeSign(view.state.doc.toString(), from, to, text);
    if (!change) return false;
    // Between typed pairs the caret stays where it is, even within a pill.
    view.dispatch({ changes: [...change.changes], selection: { anchor: change.from }, annotations: isMended.of(true), userEvent: "input.type", scrollIntoView: true });
    if (text === "}") closedAt = { doc: view.state.doc, at: change.from };
    return true;
  };
}

function paste(view: EditorView, world: World, event: ClipboardEvent): boolean {
  const text = event.clipboardData?.getData("text/plain").replace(/\r\n?/g, "\n") ?? "";
  const { from, to } = view.state.selection.main;
  const change = pasteInside(view.state.doc.toString(), from, to, text, world.isKeyword);
  if (!change) return false;
  dispatchEdit(view, world, change, "input.paste");
  return true;
}

function beside(view: EditorView, world: World, direction: 1 | -1): boolean {
  const { main } = view.state.selection;
  if (!main.empty || view.composing) return false;
  const { raw } = drawn(view.state, world);
  if (raw && raw.from < main.head && main.head < raw.to) return false;
  const deletion = deleteBeside(view.state.doc.toString(), main.head, direction, world.isKeyword);
  if (!deletion) return false;
  view.dispatch(deletionSpec(view.state, world, deletion, direction < 0 ? "delete.backward" : "delete.forward"));
  return true;
}

function deletionSpec(state: EditorState, world: World, deletion: Deletion, userEvent: string): TransactionSpec {
  if ("edit" in deletion) return specOf(state, world, deletion.edit, userEvent);
  const [anchor, head] = deletion.select;
  return { selection: { anchor, head }, scrollIntoView: true, userEvent: "select" };
}

/** Looks at every deletion, from whatever key or gesture: what would cut a
 *  call in two selects it first, and what is typed over it takes its place. */
export function keepFormulas(world: World): Extension {
  return EditorState.transactionFilter.of((transaction) => mend(transaction, world) ?? transaction);
}

function mend(transaction: Transaction, world: World): TransactionSpec | undefined {
  const isEditing = transaction.isUserEvent("delete") || transaction.isUserEvent("input");
  if (!transaction.docChanged || !isEditing || transaction.annotation(isMended) || transaction.isUserEvent("input.type.compose")) return undefined;
  const change = onlyChange(transaction);
  const state = transaction.startState;
  if (!change || change.from === change.to || isPlain(state, world, change.from, change.to)) return undefined;
  const text = state.doc.toString();
  const userEvent = transaction.isUserEvent("delete") ? "delete.selection" : "input.type";
  if (change.insert === "") return deletionSpec(state, world, deleteSelection(text, change.from, change.to), userEvent);
  const removed = remove(text, change.from, change.to);
  const left = apply(text, removed);
  const after = left.slice(0, removed.from) + change.insert + left.slice(removed.from);
  return specOf(state, world, edit(difference(text, after), removed.from + change.insert.length), userEvent);
}

function onlyChange(transaction: Transaction): { from: number; to: number; insert: string } | undefined {
  const found: { from: number; to: number; insert: string }[] = [];
  transaction.changes.iterChanges((from, to, _start, _end, inserted) => found.push({ from, to, insert: inserted.toString() }));
  return found.length === 1 ? found[0] : undefined;
}

/** Whether a range is text, without any part of a pill. */
function isPlain(state: EditorState, world: World, from: number, to: number): boolean {
  const { mapped, raw } = drawn(state, world);
  if (raw && raw.piece.from <= from && to <= raw.piece.to) return true;
  return mapped.pieces.every((piece) => piece.to <= from || piece.from >= to || isPlainIn(piece, from, to, world, mapped.text));
}

function isPlainIn(piece: Piece, from: number, to: number, world: World, text: string): boolean {
  if (piece.kind === "text") return piece.from < from && to < piece.to;
  if (piece.kind === "name") return !world.isKeyword(text.slice(piece.from, piece.to));
  return ["literal", "number", "operator", "not", "space", "bad"].includes(piece.kind);
}

/** What is typed, pasted or dropped into a single line has no breaks. */
function onOneLine(transaction: Transaction): Transaction | TransactionSpec {
  const change = transaction.isUserEvent("input") ? onlyChange(transaction) : undefined;
  if (!change?.insert.includes("\n")) return transaction;
  const insert = change.insert.trim().replace(/\s*\n\s*/g, " ");
  return { changes: { ...change, insert }, selection: { anchor: change.from + insert.length }, userEvent: "input.paste", scrollIntoView: true };
}
