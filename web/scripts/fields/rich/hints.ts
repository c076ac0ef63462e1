/** What is said about a pill: its value of the last run, the help of a
 *  function, why something gives nothing. Shown under the pointer, and faults
 *  also beside the caret. */
import { type EditorState, type Extension, StateField } from "@codemirror/state";
import { type Tooltip, hoverTooltip, showTooltip } from "@codemirror/view";
import { words } from "../../editor/words/mapping";
import type { Piece } from "../pieces";
import type { Look, World } from "../world";
import { drawn } from "./pills";

export function hints(world: World): Extension {
  return [
    hoverTooltip((view, pos) => hoverHint(view.state, world, pos), { hoverTime: 350 }),
    StateField.define<Tooltip | null>({
      create: () => null,
      update: (before, transaction) => {
        const hint = faultAtCaret(transaction.state, world);
        return before && hint && before.pos === hint.pos && !transaction.docChanged ? before : hint;
      },
      provide: (field) => showTooltip.from(field),
    }),
  ];
}

function hoverHint(state: EditorState, world: World, pos: number): Tooltip | null {
  const found = at(state, world, pos);
  return found ? tooltip(found.from, found.to, found.look, "") : null;
}

/** Not while it is being typed: every name is unknown at its first letter. */
function faultAtCaret(state: EditorState, world: World): Tooltip | null {
  const { main } = state.selection;
  if (!main.empty || drawn(state, world).isTyping) return null;
  const found = at(state, world, main.head);
  return found?.look.problem ? tooltip(found.from, found.to, found.look, "at-caret") : null;
}

/** What is to be said at a place. */
function at(state: EditorState, world: World, pos: number): { from: number; to: number; look: Look } | undefined {
  const { atoms, mapped } = drawn(state, world);
  const atom = atoms.find((one) => one.from <= pos && pos <= one.to && isTelling(one.piece));
  if (atom) return telling(atom.from, atom.to, world.look(atom.piece, mapped.text));
  const piece = mapped.pieces.find((one) => one.from <= pos && pos <= one.to && (one.kind === "bad" || one.kind === "name"));
  return piece && telling(piece.from, piece.to, world.look(piece, mapped.text));
}

function isTelling(piece: Piece): boolean {
  return ["item", "function", "name", "group", "openIndex"].includes(piece.kind);
}

function telling(from: number, to: number, look: Look): { from: number; to: number; look: Look } | undefined {
  return look.problem || look.sample !== undefined || look.help || look.type ? { from, to, look } : undefined;
}

function tooltip(pos: number, end: number, look: Look, name: string): Tooltip {
  return { pos, end, above: true, create: () => ({ dom: card(look, name) }) };
}

function card(look: Look, name: string): HTMLElement {
  const box = document.createElement("div");
  box.className = `hint ${name}`;
  const line = (text: string | undefined, className: string) => {
    if (text === undefined || text === "") return;
    const row = document.createElement("div");
    row.className = className;
    row.textContent = text;
    box.append(row);
  };
  line(look.problem, "problem");
  line(look.signature, "signature");
  line(look.help, "help");
  if (look.sample !== undefined) line(words.sample(look.sample), "sample");
  if (look.type) line(words.types[look.type] ?? look.type, "type");
  return box;
}
