/** What is said about a pill: its value of the last run, the help of a
 *  function, why something gives nothing. Shown under the pointer, and faults
 *  also beside the caret. */
import { type EditorState, type Extension, StateField } from "@codemirror/state";
import { type Tooltip, hoverTooltip, showTooltip } from "@codemirror/view";
import { words } from "../../editor/words/mapping";
import type { Mapped, Piece } from "../pieces";
import type { Look, World } from "../world";
import { drawn } from "./pills";

export function hints(world: World): Extension {
  return [
    hoverTooltip((view, pos, side) => hoverHint(view.state, world, pos, side), { hoverTime: 350 }),
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

function hoverHint(state: EditorState, world: World, pos: number, side: number): Tooltip | null {
  const touching = at(state, world, pos);
  const found = touching.find((one) => (side > 0 ? one.from <= pos && pos < one.to : one.from < pos && pos <= one.to));
  // What stands beside the caret is told already.
  const isTold = found !== undefined && faultAtCaret(state, world)?.pos === found.from;
  return found && !isTold ? tooltip(found.from, found.to, found.look, "") : null;
}

/** Not while it is being typed: every name is unknown at its first letter. */
function faultAtCaret(state: EditorState, world: World): Tooltip | null {
  const { main } = state.selection;
  if (!main.empty || drawn(state, world).isTyping) return null;
  const faulty = at(state, world, main.head).filter((one) => one.look.problem);
  // Of two neighbours the one before the caret.
  const found = faulty.find((one) => one.to === main.head) ?? faulty[0];
  return found ? tooltip(found.from, found.to, found.look, "at-caret") : null;
}

interface Telling {
  from: number;
  to: number;
  look: Look;
}

/** What is to be said of the pills and faults that touch a place. */
function at(state: EditorState, world: World, pos: number): Telling[] {
  const { atoms, mapped } = drawn(state, world);
  const pills = atoms.filter((one) => one.from <= pos && pos <= one.to && isTelling(one.piece)).map((one) => telling(one.from, one.to, world.look(one.piece, mapped.text)));
  const parts = mapped.pieces.filter((one) => one.from <= pos && pos <= one.to && isFaulty(one, mapped, world)).map((one) => telling(one.from, one.to, world.look(one, mapped.text)));
  return [...pills, ...parts].filter((one) => one !== undefined);
}

function isFaulty(piece: Piece, mapped: Mapped, world: World): boolean {
  return piece.kind === "bad" || (piece.kind === "name" && !world.isKeyword(mapped.text.slice(piece.from, piece.to)));
}

function isTelling(piece: Piece): boolean {
  return ["item", "function", "name", "group", "openIndex"].includes(piece.kind);
}

function telling(from: number, to: number, look: Look): Telling | undefined {
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
