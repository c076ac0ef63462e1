/** Takes parts out of a mapped text without leaving a broken formula: a call
 *  goes as a whole or not at all, an operator goes with its value. */
import { type Change, type Edit, edit } from "./edits";
import { type Atom, type Expression, type Mapped, type Piece, atoms, endsValue, read, startsValue } from "./pieces";

/** What a key that deletes does: a change, or first a selection that shows
 *  what would go. */
export type Deletion = { select: [number, number] } | { edit: Edit };

type IsKeyword = (name: string) => boolean;

/** Backspace (`-1`) or Delete (`1`) beside a pill; nothing where it is plain
 *  text, which the caller deletes as always. */
export function deleteBeside(text: string, at: number, direction: 1 | -1, isKeyword: IsKeyword): Deletion | undefined {
  const mapped = read(text);
  const atom = atoms(mapped, isKeyword).find((one) => (direction < 0 ? one.to === at : one.from === at));
  if (!atom) return besideQuote(mapped, at, direction);
  const { piece } = atom;
  const expression = mapped.expressions[piece.expression]!;
  if (isEmpty(text, expression)) return { edit: edit([cut(expression.from, expression.to)], expression.from) };
  if (piece.kind === "open" || piece.kind === "close") return { select: [expression.from, expression.to] };
  const partner = mapped.pieces[piece.partner];
  if (partner) return { select: shownRange(mapped, expression, ...widen(mapped, piece.from, piece.to)) };
  return { edit: removal(mapped, piece.from, piece.to) };
}

/** Deletes a selection. When it cuts a call in two, the whole call is selected
 *  first. */
export function deleteSelection(text: string, from: number, to: number): Deletion {
  const mapped = read(text);
  const [wideFrom, wideTo] = widen(mapped, from, to);
  if (wideFrom < from || wideTo > to) return { select: [wideFrom, wideTo] };
  return { edit: removal(mapped, from, to) };
}

/** Takes a range out, whole calls at a time. */
export function remove(text: string, from: number, to: number): Edit {
  const mapped = read(text);
  return removal(mapped, ...widen(mapped, from, to));
}

/** The least range around one that cuts no call, group or text in two. */
export function widen(mapped: Mapped, from: number, to: number): [number, number] {
  for (;;) {
    let [start, end] = [from, to];
    for (const piece of mapped.pieces) {
      if (piece.from >= end || piece.to <= start) continue;
      const partner = mapped.pieces[piece.partner];
      if (partner) {
        start = Math.min(start, piece.from, partner.from);
        end = Math.max(end, piece.to, partner.to);
      } else if (cutsThrough(piece, start, end)) {
        start = Math.min(start, piece.from);
        end = Math.max(end, piece.to);
      }
    }
    if (start === from && end === to) return [from, to];
    [from, to] = [start, end];
  }
}

/** A text may be cut within its quotes; a name or path may not be cut at all. */
function cutsThrough(piece: Piece, from: number, to: number): boolean {
  if (["literal", "space", "open", "close", "bad", "number"].includes(piece.kind)) return false;
  const isWithin = piece.kind === "text" && piece.from < from && to < piece.to;
  return !isWithin && (piece.from < from || piece.to > to);
}

/** With the braces when it is all of the code. */
function shownRange(mapped: Mapped, expression: Expression, from: number, to: number): [number, number] {
  const inner = mapped.text.slice(expression.codeFrom, from) + mapped.text.slice(to, expression.codeTo);
  return inner.trim() === "" ? [expression.from, expression.to] : [from, to];
}

function removal(mapped: Mapped, from: number, to: number): Edit {
  const changes: Change[] = [];
  let at = from;
  for (const expression of mapped.expressions) {
    if (expression.to <= from || expression.from >= to) continue;
    if (expression.from > at) changes.push(cut(at, expression.from));
    changes.push(...cutCode(mapped, expression, Math.max(from, expression.codeFrom), Math.min(to, expression.codeTo)));
    at = Math.max(at, expression.to);
  }
  if (at < to) changes.push(cut(at, to));
  const caret = changes[0]?.from ?? from;
  return edit(changes, caret + (changes[0]?.insert.length ?? 0));
}

/** Takes a range out of the code of an expression and mends what is left. */
function cutCode(mapped: Mapped, expression: Expression, from: number, to: number): Change[] {
  const solid = mapped.pieces.filter((piece) => piece.kind !== "space" && expression.codeFrom <= piece.from && piece.to <= expression.codeTo);
  const isGone = (piece: Piece) => from <= piece.from && piece.to <= to;
  if (solid.every(isGone)) return [cut(expression.from, expression.to)];
  if (from >= to) return [];
  const gone = solid.filter(isGone);
  const left = solid.filter((piece) => piece.to <= from);
  const right = solid.filter((piece) => piece.from >= to);
  if (gone.length === 0) return [cut(from, to)];
  const tookValue = gone.some((piece) => startsValue(piece.kind) || endsValue(piece.kind));
  let [start, end] = [from, to];
  const startsNext = right[0] !== undefined && (startsValue(right[0].kind) || right[0].kind === "not");
  if (tookValue && !startsNext) {
    // What was joined with a value goes with it, and with it the blank before.
    while (left.length > 0 && isSign(left.at(-1)!)) start = left.pop()!.from;
    if (start < from) start = behind(left, expression);
  }
  const last = left.at(-1);
  if (tookValue && right[0]?.kind === "operator" && (last === undefined || !endsValue(last.kind))) {
    end = right[1]?.from ?? expression.codeTo;
  } else if (last && endsValue(last.kind) && startsNext) {
    return [{ from: last.to, to: right[0]!.from, insert: " + " }];
  }
  if (right[0] && ["end", "separator", "closeIndex"].includes(right[0].kind) && last && endsValue(last.kind)) [start, end] = [last.to, right[0].from];
  if (!right.some((piece) => piece.from >= end) && last) start = last.to;
  return [cut(start, end)];
}

function isSign(piece: Piece): boolean {
  return piece.kind === "operator" || piece.kind === "not";
}

function behind(left: readonly Piece[], expression: Expression): number {
  return left.at(-1)?.to ?? expression.codeFrom;
}

/** Quotes come and go in pairs: an empty text goes whole, and behind a closing
 *  quote the last character of the text goes. */
function besideQuote(mapped: Mapped, at: number, direction: 1 | -1): Deletion | undefined {
  const holder = mapped.pieces.find((piece) => piece.kind === "text" && piece.from <= at && at <= piece.to);
  if (!holder) return undefined;
  const place = direction < 0 ? at - 1 : at;
  if (place !== holder.from && place !== holder.to - 1) return doubled(mapped.text, holder, place);
  const inner = holder.to - holder.from - 2;
  if (inner === 0) return { edit: removal(mapped, holder.from, holder.to) };
  if (place === holder.to - 1 && direction < 0) return deleteSoftly(mapped.text, holder, holder.to - 2);
  if (place === holder.from && direction > 0) return deleteSoftly(mapped.text, holder, holder.from + 1);
  return { select: shownRange(mapped, mapped.expressions[holder.expression]!, holder.from, holder.to) };
}

/** One character inside of quotes, or both of a quote that is written twice. */
function deleteSoftly(text: string, holder: Piece, place: number): Deletion {
  const isLow = /[\uDC00-\uDFFF]/.test(text[place]!);
  const isHigh = /[\uD800-\uDBFF]/.test(text[place]!);
  const from = isLow ? place - 1 : place;
  return doubled(text, holder, place) ?? { edit: edit([cut(from, isHigh ? place + 2 : place + 1)], from) };
}

function doubled(text: string, holder: Piece, place: number): Deletion | undefined {
  const quote = text[holder.from];
  if (text[place] !== quote || place <= holder.from || place >= holder.to - 1) return undefined;
  const inner = text.slice(holder.from + 1, place);
  const run = inner.length - inner.replace(/["']+$/, "").length;
  const from = run % 2 === 1 ? place - 1 : place;
  return { edit: edit([cut(from, from + 2)], from) };
}

function isEmpty(text: string, expression: Expression): boolean {
  return text.slice(expression.codeFrom, expression.codeTo).trim() === "";
}

function cut(from: number, to: number): Change {
  return { from, to, insert: "" };
}

/** A place that is not within a pill: its end when the place is behind what
 *  the pill shows, else its beginning. */
export function settle(found: readonly Atom[], at: number): number {
  const atom = found.find((one) => one.from < at && at < one.to);
  if (!atom) return at;
  return at >= atom.piece.to ? atom.to : atom.from;
}
