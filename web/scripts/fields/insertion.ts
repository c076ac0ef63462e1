/** Puts items, functions and operators into a mapped text so that what is
 *  there stays a formula: values side by side are joined with `+`, a text that
 *  is cut in two keeps its quotes, what is selected becomes an argument. */
import { type Edit, edit } from "./edits";
import { type Expression, type Mapped, type Piece, endsValue, read, startsValue } from "./pieces";
import { widen } from "./deletion";

export type Insertion =
  /** An item, a keyword or any other formula. */
  | { kind: "value"; code: string }
  /** A function with so many places for arguments. */
  | { kind: "call"; name: string; places: number }
  | { kind: "operator"; sign: string };

/** Puts `what` in the place of a selection. */
export function insert(text: string, from: number, to: number, what: Insertion): Edit {
  const mapped = read(text);
  const inside = mapped.expressions.find((one) => one.codeFrom <= from && to <= one.codeTo);
  if (inside) return insertInside(mapped, inside, from, to, what);
  if (what.kind === "operator") return operatorOutside(mapped, from, to, what.sign);
  const [start, end] = wholeExpressions(mapped, from, to);
  const { code, caret } = formula(what, start === end ? "" : toCode(text.slice(start, end)));
  const all = `{{${code}}}`;
  const place = caret === undefined ? start + all.length : start + 2 + caret;
  return edit([{ from: start, to: end, insert: all }], place);
}

/** The formula to write, and where the caret goes in it; behind all when
 *  nothing is left to fill in. */
function formula(what: Insertion, selected: string): { code: string; caret: number | undefined } {
  if (what.kind === "value") return { code: what.code, caret: undefined };
  if (what.kind === "operator") return { code: what.sign, caret: undefined };
  const places = Math.max(what.places, selected === "" ? 0 : 1);
  const rest = "; ".repeat(Math.max(places - 1, 0));
  const code = `${what.name}(${selected}${rest})`;
  if (selected === "") return { code, caret: places === 0 ? undefined : what.name.length + 1 };
  return { code, caret: places > 1 ? what.name.length + 1 + selected.length + 2 : undefined };
}

function insertInside(mapped: Mapped, expression: Expression, from: number, to: number, what: Insertion): Edit {
  const text = mapped.text;
  const holder = mapped.pieces.find((piece) => piece.kind === "text" && piece.from < from && to < piece.to);
  if (holder && what.kind !== "operator") return insideText(text, holder, from, to, what);
  const [start, end] = from === to ? atPieceEnd(mapped, from) : widen(mapped, from, to);
  const selected = what.kind === "call" ? text.slice(start, end).trim() : "";
  const { code, caret } = formula(what, selected);
  const before = last(mapped, expression, start);
  const behind = first(mapped, expression, end);
  const isValue = what.kind !== "operator";
  const left = isValue ? joiner(before !== undefined && endsValue(before.kind), text[start - 1], before) : spaced(text[start - 1]);
  const right = isValue
    ? behind && (startsValue(behind.kind) || behind.kind === "not") ? (/\s/.test(text[end] ?? "") ? " +" : " + ") : ""
    : /\s/.test(text[end] ?? "") ? "" : " ";
  const place = start + left.length + (caret ?? code.length);
  // Behind a sign the caret is where the next value goes.
  const after = isValue ? place : place + (right === "" ? 1 : right.length);
  return edit([{ from: start, to: end, insert: left + code + right }], after);
}

function joiner(joins: boolean, previous: string | undefined, before: Piece | undefined): string {
  const blank = /\s/.test(previous ?? "");
  if (joins) return blank ? "+ " : " + ";
  return before?.kind === "separator" && !blank ? " " : "";
}

function spaced(previous: string | undefined): string {
  return /\s|\{/.test(previous ?? "") ? "" : " ";
}

/** In the middle of a name or number one goes to its end: it stays whole. */
function atPieceEnd(mapped: Mapped, at: number): [number, number] {
  const piece = mapped.pieces.find((piece) => piece.from < at && at < piece.to);
  const isWhole = piece !== undefined && piece.kind !== "space" && piece.kind !== "bad";
  return isWhole ? [piece.to, piece.to] : [at, at];
}

/** A text that something is put into becomes two, joined with what is between. */
function insideText(text: string, holder: Piece, from: number, to: number, what: Insertion): Edit {
  const quote = text[holder.from]!;
  const before = text.slice(holder.from + 1, from);
  const behind = text.slice(to, holder.to - 1);
  const selected = from === to || what.kind !== "call" ? "" : quote + text.slice(from, to) + quote;
  const { code, caret } = formula(what, selected);
  const left = before === "" ? "" : `${quote}${before}${quote} + `;
  const right = behind === "" ? "" : ` + ${quote}${behind}${quote}`;
  const place = holder.from + left.length + (caret ?? code.length);
  return edit([{ from: holder.from, to: holder.to, insert: left + code + right }], place);
}

/** Beside an expression a sign goes on with it; elsewhere it is just text. */
function operatorOutside(mapped: Mapped, from: number, to: number, sign: string): Edit {
  const before = mapped.expressions.find((one) => one.to === from && one.codeTo < one.to && one.codeFrom < one.codeTo);
  if (!before || from !== to) return edit([{ from, to, insert: sign }], from + sign.length);
  const insert = ` ${sign} `;
  return edit([{ from: before.codeTo, to: before.codeTo, insert }], before.codeTo + insert.length);
}

function last(mapped: Mapped, expression: Expression, at: number): Piece | undefined {
  return mapped.pieces.filter((piece) => piece.kind !== "space" && piece.from >= expression.codeFrom && piece.to <= at).at(-1);
}

function first(mapped: Mapped, expression: Expression, at: number): Piece | undefined {
  return mapped.pieces.find((piece) => piece.kind !== "space" && piece.from >= at && piece.to <= expression.codeTo);
}

/** A selection that cuts an expression takes all of it. */
function wholeExpressions(mapped: Mapped, from: number, to: number): [number, number] {
  const cut = mapped.expressions.filter((one) => one.from < to && one.to > from);
  return [Math.min(from, ...cut.map((one) => one.from)), Math.max(to, ...cut.map((one) => one.to))];
}

/** A mapped text as one formula: `Hello {{1.name}}` is `"Hello " + 1.name`. */
export function toCode(text: string): string {
  const { pieces, expressions } = read(text);
  const parts: string[] = [];
  for (const piece of pieces) {
    if (piece.kind === "literal") parts.push(quoted(text.slice(piece.from, piece.to)));
    if (piece.kind !== "open") continue;
    const expression = expressions[piece.expression]!;
    const code = text.slice(expression.codeFrom, expression.codeTo).trim();
    const isAlone = expression.from === 0 && expression.to === text.length;
    const needsGroup = !isAlone && pieces.some((one) => one.expression === piece.expression && one.kind === "operator" && one.parent < 0);
    if (code !== "") parts.push(needsGroup ? `(${code})` : code);
  }
  return parts.join(" + ");
}

/** A text as a formula writes it; numbers are themselves. */
export function quoted(text: string): string {
  return /^-?\d+(\.\d+)?$/.test(text) ? text : `"${text.replaceAll('"', '""')}"`;
}

/** What pasting does inside of an expression; nothing outside of one, where
 *  the text is pasted as it is. */
export function pasteInside(text: string, from: number, to: number, pasted: string, isKeyword: (name: string) => boolean): Edit | undefined {
  const mapped = read(text);
  const inside = mapped.expressions.find((one) => one.codeFrom <= from && to <= one.codeTo);
  if (!inside || pasted === "") return undefined;
  const isMapped = read(pasted).expressions.length > 0;
  const holder = mapped.pieces.find((piece) => piece.kind === "text" && piece.from < from && to < piece.to);
  if (holder && !isMapped) {
    const quote = text[holder.from]!;
    const doubled = pasted.replaceAll(quote, quote + quote);
    return edit([{ from, to, insert: doubled }], from + doubled.length);
  }
  const isFormula = read(`{{${pasted}}}`).pieces.every(
    ({ kind, from, to }) => kind !== "bad" && kind !== "literal" && (kind !== "name" || isKeyword(pasted.slice(from - 2, to - 2))),
  );
  if (!isMapped && isFormula && !/^[\s\w]+$/.test(pasted)) return edit([{ from, to, insert: pasted }], from + pasted.length);
  return insert(text, from, to, { kind: "value", code: isMapped ? toCode(pasted) : isKeyword(pasted.trim()) ? pasted.trim() : quoted(pasted) });
}

/** What is copied of a selection: a part of a formula gets braces, so that it
 *  is a formula wherever it is pasted. */
export function copied(text: string, from: number, to: number): string {
  const mapped = read(text);
  const inside = mapped.expressions.find((one) => one.codeFrom <= from && to <= one.codeTo);
  const isInText = mapped.pieces.some((piece) => piece.kind === "text" && piece.from < from && to < piece.to);
  const part = text.slice(from, to);
  return inside && !isInText && part.trim() !== "" ? `{{${part}}}` : part;
}
