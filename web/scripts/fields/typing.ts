/** What a typed sign does in a mapped text beyond standing there: braces,
 *  parentheses and quotes come in pairs, and the second one of a pair is
 *  stepped over instead of written again. */
import { type Edit, edit } from "./edits";
import { type Mapped, type Piece, expressionAt, read } from "./pieces";

/** Nothing where the sign is written as any other. */
export function type(text: string, from: number, to: number, sign: string): Edit | undefined {
  if (from !== to || sign.length !== 1 || !"{}()\"`;".includes(sign)) return undefined;
  const mapped = read(text);
  const expression = expressionAt(mapped, from);
  if (!expression) return sign === "{" && text[from - 1] === "{" ? write(from, "{}}", 1) : undefined;
  const holder = mapped.pieces.find((piece) => piece.kind === "text" && piece.from < from && from < piece.to);
  if (holder) return inText(text, holder, from, sign);
  if (sign === "`" && text[from] === "`") return edit([], from + 1);
  if (mapped.pieces.some((piece) => (piece.kind === "bad" || isQuotedName(text, piece)) && piece.from < from && from < piece.to)) return undefined;
  if (sign === "{") return expression.codeFrom === from ? write(expression.from, "{", 1, from - expression.from) : undefined;
  if (sign === "}") {
    const closes = expression.codeTo < expression.to && text.slice(from, expression.codeTo).trim() === "";
    return closes ? edit([], expression.to) : undefined;
  }
  if (sign === '"') return write(from, '""', 1);
  if (sign === "`") return write(from, "``", 1);
  if (sign === "(") return write(from, "()", 1);
  return stepOver(mapped, from, sign === ")" ? "end" : "separator");
}

function write(at: number, insert: string, caret: number, ahead = 0): Edit {
  return edit([{ from: at, to: at, insert }], at + caret + ahead);
}

/** A quote within a text is written twice; at its end it is stepped over. */
function inText(text: string, holder: Piece, at: number, sign: string): Edit | undefined {
  if (sign !== '"' || text[holder.from] !== '"') return undefined;
  return at === holder.to - 1 ? edit([], holder.to) : write(at, '""', 2);
}

function isQuotedName(text: string, piece: Piece): boolean {
  return piece.kind === "item" && text.slice(piece.from, piece.to).includes("`");
}

/** The `)` or `;` that a function came with. */
function stepOver(mapped: Mapped, at: number, kind: "end" | "separator"): Edit | undefined {
  const next = mapped.pieces.find((piece) => piece.from >= at && piece.kind !== "space");
  return next?.kind === kind && next.parent >= -1 && isBalanced(mapped, next) ? edit([], next.to) : undefined;
}

/** A `)` is stepped over only while none is missing further out. */
function isBalanced(mapped: Mapped, piece: Piece): boolean {
  return mapped.pieces.every((one) => one.expression !== piece.expression || !["function", "group"].includes(one.kind) || one.partner >= 0);
}
