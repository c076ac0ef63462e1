/** Draws a mapped text: pills in the place of items, functions and the like,
 *  marks on what cannot be read. */
import { type EditorState, type Extension, type Range, StateEffect, type StateEffectType, StateField, type Transaction } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, WidgetType } from "@codemirror/view";
import { type Atom, type Mapped, type Piece, atoms, read } from "../pieces";
import type { Look, World } from "../world";
import { startDrag } from "./dragging";

/** Labels, colours or problems changed. */
export const refreshPills = StateEffect.define<null>();

const setErrorAt = StateEffect.define<number | undefined>();

/** The character from which the server cannot read the text. */
export const errorAt: StateField<number | undefined> & { set: StateEffectType<number | undefined> } = Object.assign(
  StateField.define<number | undefined>({
    create: () => undefined,
    update: (at, transaction) => {
      for (const effect of transaction.effects) if (effect.is(setErrorAt)) return effect.value;
      return transaction.docChanged ? undefined : at;
    },
  }),
  { set: setErrorAt },
);

export interface Drawn {
  mapped: Mapped;
  /** All but the one that is being typed. */
  atoms: Atom[];
  /** What is being typed shows as text until the caret leaves it. */
  raw: Atom | undefined;
  isTyping: boolean;
  decorations: DecorationSet;
  ranges: DecorationSet;
}

const fields = new WeakMap<World, StateField<Drawn>>();

/** What is drawn of a text, for the other parts of the field. */
export function drawn(state: EditorState, world: World): Drawn {
  return state.field(fieldOf(world));
}

function fieldOf(world: World): StateField<Drawn> {
  const known = fields.get(world);
  if (known) return known;
  const made = StateField.define<Drawn>({
    create: (state) => draw(state, world, read(state.doc.toString()), false),
    update: (before, transaction) => redraw(before, transaction, world),
    provide: (field) => [
      EditorView.decorations.from(field, (value) => value.decorations),
      EditorView.atomicRanges.of((view) => view.state.field(field).ranges),
    ],
  });
  fields.set(world, made);
  return made;
}

export function pills(world: World): Extension {
  return fieldOf(world);
}

function redraw(before: Drawn, transaction: Transaction, world: World): Drawn {
  const isRefreshed = transaction.effects.some((effect) => effect.is(refreshPills) || effect.is(setErrorAt));
  if (transaction.docChanged) {
    const isTyping = transaction.isUserEvent("input.type") || (before.raw !== undefined && transaction.isUserEvent("delete"));
    return draw(transaction.state, world, read(transaction.state.doc.toString()), isTyping);
  }
  const wasSelected = !transaction.startState.selection.main.empty;
  const isSelected = !transaction.state.selection.main.empty;
  const moved = transaction.selection !== undefined && (before.isTyping || before.raw || wasSelected || isSelected);
  if (!moved && !isRefreshed) return before;
  return draw(transaction.state, world, before.mapped, before.isTyping && transaction.selection === undefined);
}

function draw(state: EditorState, world: World, mapped: Mapped, isTyping: boolean): Drawn {
  const { main } = state.selection;
  const all = atoms(mapped, world.isKeyword);
  const raw = main.empty ? all.find((atom) => isBeingTyped(atom, main.head, isTyping)) : undefined;
  const shown = raw ? all.filter((atom) => atom !== raw) : all;
  const decorations: Range<Decoration>[] = [];
  const looks = new Map<string, Look>();
  for (const atom of shown) {
    const isSelected = !main.empty && main.from <= atom.from && atom.to <= main.to;
    const look = lookOf(atom.piece, mapped.text, world, looks);
    decorations.push(Decoration.replace({ widget: new Pill(look, atom, isSelected) }).range(atom.from, atom.to));
  }
  decorations.push(...marks(state, world, mapped, isTyping ? main.head : -1));
  const set = Decoration.set(decorations, true);
  return { mapped, atoms: shown, raw, isTyping, decorations: set, ranges: Decoration.set(shown.map((atom) => Decoration.mark({}).range(atom.from, atom.to))) };
}

/** Long texts name the same few things again and again. */
function lookOf(piece: Piece, text: string, world: World, known: Map<string, Look>): Look {
  const name = `${piece.kind} ${piece.partner >= 0} ${text.slice(piece.from, piece.to)}`;
  const look = known.get(name) ?? world.look(piece, text);
  known.set(name, look);
  return look;
}

/** The caret within a pill, or at the end of a name while it is typed. */
function isBeingTyped(atom: Atom, caret: number, isTyping: boolean): boolean {
  if (atom.from < caret && caret < atom.to) return atom.piece.kind === "item" || atom.piece.kind === "name";
  return isTyping && caret === atom.piece.to && (atom.piece.kind === "item" || atom.piece.kind === "name");
}

const CODE = new Set(["text", "number", "operator", "not", "name"]);

/** The marks on text: formulas look like formulas, faults like faults. */
function marks(state: EditorState, world: World, mapped: Mapped, typed: number): Range<Decoration>[] {
  const found: Range<Decoration>[] = [];
  for (const piece of mapped.pieces) {
    if (CODE.has(piece.kind) && !(piece.kind === "name" && world.isKeyword(mapped.text.slice(piece.from, piece.to)))) {
      found.push(Decoration.mark({ class: piece.kind === "text" ? "in-text" : "in-code" }).range(piece.from, piece.to));
    }
    const isTouched = piece.from <= typed && typed <= piece.to;
    if (!isTouched && (piece.kind === "bad" || (piece.kind === "name" && !world.isKeyword(mapped.text.slice(piece.from, piece.to))))) {
      found.push(Decoration.mark({ class: "is-bad" }).range(piece.from, piece.to));
    }
  }
  const at = state.field(errorAt);
  const place = at === undefined ? -1 : [...mapped.text].slice(0, at).join("").length;
  const wrong = mapped.pieces.find((piece) => piece.from <= place && place < piece.to && piece.kind !== "bad" && piece.kind !== "literal");
  if (wrong && wrong.kind !== "open" && wrong.kind !== "close") found.push(Decoration.mark({ class: "is-bad" }).range(wrong.from, wrong.to));
  return found;
}

const KINDS: Partial<Record<Piece["kind"], string>> = {
  item: "is-item",
  step: "is-sign",
  function: "is-function",
  group: "is-function",
  openIndex: "is-function",
  closeIndex: "is-function",
  end: "is-function",
  separator: "is-function",
  name: "is-keyword",
  open: "is-brace",
  close: "is-brace",
};

class Pill extends WidgetType {
  constructor(
    readonly look: Look,
    readonly atom: Atom,
    readonly isSelected: boolean,
  ) {
    super();
  }

  override eq(other: Pill): boolean {
    return (
      this.look.label === other.look.label &&
      this.look.color === other.look.color &&
      this.look.problem === other.look.problem &&
      this.isSelected === other.isSelected &&
      this.atom.piece.kind === other.atom.piece.kind
    );
  }

  override toDOM(view: EditorView): HTMLElement {
    const { kind } = this.atom.piece;
    const pill = document.createElement("span");
    pill.className = ["pill", KINDS[kind], this.look.problem && "is-bad", this.isSelected && "is-selected"].filter(Boolean).join(" ");
    pill.textContent = this.look.label;
    if (this.look.color) pill.style.setProperty("--app", this.look.color);
    pill.draggable = true;
    pill.addEventListener("dragstart", (event) => startDrag(view, pill, event));
    pill.addEventListener("click", (event) => place(view, pill, event));
    pill.addEventListener("dblclick", () => select(view, pill));
    return pill;
  }

  /** Pressing a pill begins a drag or ends in a click; the field takes part in
   *  neither. */
  override ignoreEvent(event: Event): boolean {
    return /^(mouse|pointer|drag(start|end)|click|dblclick)/.test(event.type);
  }
}

/** The range of the pill that an element shows now. */
export function rangeOf(view: EditorView, pill: HTMLElement): [number, number] | undefined {
  const from = view.posAtDOM(pill);
  let range: [number, number] | undefined;
  for (const source of view.state.facet(EditorView.atomicRanges)) {
    source(view).between(from, from + 1, (start, end) => {
      if (start === from) range = [start, end];
    });
  }
  return range;
}

/** A click puts the caret before or behind it. */
function place(view: EditorView, pill: HTMLElement, event: MouseEvent): void {
  const range = rangeOf(view, pill);
  if (!range || event.detail > 1) return;
  const { left, width } = pill.getBoundingClientRect();
  const head = event.clientX < left + width * 0.4 ? range[0] : range[1];
  const anchor = event.shiftKey ? view.state.selection.main.anchor : head;
  view.focus();
  view.dispatch({ selection: { anchor, head }, userEvent: "select.pointer" });
}

function select(view: EditorView, pill: HTMLElement): void {
  const range = rangeOf(view, pill);
  if (range) view.dispatch({ selection: { anchor: range[0], head: range[1] }, userEvent: "select.pointer" });
}
