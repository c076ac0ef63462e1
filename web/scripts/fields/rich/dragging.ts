/** Dragging pills: within a field they move, from another field or from the
 *  panel they are put in. Clicking does the same, so nobody has to drag. */
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { remove, settle } from "../deletion";
import { apply, difference, edit } from "../edits";
import { type Insertion, insert } from "../insertion";
import { atoms, read } from "../pieces";
import { DRAG_TYPE, dragData } from "../drag-data";
import type { World } from "../world";
import { rangeOf } from "./pills";
import { dispatchEdit } from "./typing";

/** What is being dragged out of a field on this page. */
let dragged: { view: EditorView; from: number; to: number } | undefined;

/** A pill is picked up: an item alone, a function with all of its call. */
export function startDrag(view: EditorView, pill: HTMLElement, event: DragEvent): void {
  // CodeMirror would drag the text of the pill only, half of a call.
  event.stopPropagation();
  const range = rangeOf(view, pill);
  const text = view.state.doc.toString();
  const code = range && codeOf(text, ...range);
  if (!range || !code || !event.dataTransfer) return event.preventDefault();
  dragged = { view, from: code.from, to: code.to };
  pill.addEventListener("dragend", () => (dragged = undefined), { once: true });
  dragData(event.dataTransfer, { kind: "value", code: text.slice(code.from, code.to) });
  event.dataTransfer.effectAllowed = "copyMove";
}

/** The formula that a pill stands for. */
function codeOf(text: string, from: number, to: number): { from: number; to: number } | undefined {
  const { pieces } = read(text);
  const piece = pieces.find((one) => one.from >= from && one.to <= to && !["open", "close", "space"].includes(one.kind));
  if (!piece || piece.kind === "separator" || piece.kind === "step") return undefined;
  const partner = pieces[piece.partner];
  return { from: Math.min(piece.from, partner?.from ?? piece.from), to: Math.max(piece.to, partner?.to ?? piece.to) };
}

export function dragging(world: World): Extension {
  return EditorView.domEventHandlers({
    dragover: (event) => {
      if (!event.dataTransfer?.types.includes(DRAG_TYPE)) return false;
      event.preventDefault();
      event.dataTransfer.dropEffect = dragged && !event.ctrlKey ? "move" : "copy";
      return false;
    },
    drop: (event, view) => drop(view, world, event),
  });
}

function drop(view: EditorView, world: World, event: DragEvent): boolean {
  const data = event.dataTransfer?.getData(DRAG_TYPE);
  if (!data) return false;
  const what = JSON.parse(data) as Insertion;
  const text = view.state.doc.toString();
  const place = view.posAtCoords({ x: event.clientX, y: event.clientY }, false);
  const at = settle(atoms(read(text), world.isKeyword), place);
  const isMove = dragged?.view === view && !event.ctrlKey && !event.altKey;
  if (isMove && dragged) move(view, world, dragged, at, what);
  else dispatchEdit(view, world, insert(text, at, at, what), "input.drop");
  dragged = undefined;
  view.focus();
  return true;
}

/** Takes it from where it was and puts it where it is dropped: one step. */
function move(view: EditorView, world: World, range: { from: number; to: number }, at: number, what: Insertion): void {
  const text = view.state.doc.toString();
  const removal = remove(text, range.from, range.to);
  const first = removal.changes[0]?.from ?? range.from;
  const end = removal.changes.at(-1)?.to ?? range.to;
  if (first <= at && at <= end) return;
  const left = apply(text, removal);
  const place = at < first ? at : at - (text.length - left.length);
  const settled = settle(atoms(read(left), world.isKeyword), place);
  const put = insert(left, settled, settled, what);
  dispatchEdit(view, world, edit(difference(text, apply(left, put)), put.from, put.to), "input.drop");
}
