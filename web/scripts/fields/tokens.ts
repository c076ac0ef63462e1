/** What a mapped text is made of. The twin of `crates/expr/src/lexer.rs`: both
 *  are held to `tests/vectors/mapping.json`. Never fails: what cannot be read
 *  is a `bad` token, and reading goes on behind it. */

export type TokenKind =
  /** Literal text around the expressions. */
  | "literal"
  /** `{{` and `}}`. */
  | "open"
  | "close"
  | "space"
  | "number"
  /** Digits before a path: the id of a module. */
  | "module"
  /** A text in quotes. */
  | "text"
  | "name"
  /** A name in backticks. */
  | "quoted"
  | "operator"
  | "not"
  | "openParenthesis"
  | "closeParenthesis"
  | "openBracket"
  | "closeBracket"
  | "semicolon"
  | "dot"
  /** A sign that cannot stand there, or a text or name that is not closed. */
  | "bad";

export interface Token {
  readonly kind: TokenKind;
  /** Places in the text, as JavaScript counts. */
  readonly from: number;
  readonly to: number;
}

const SPACE = /\p{White_Space}+/uy;
const NAME = /[\p{Alphabetic}_$][\p{Alphabetic}\p{N}_$]*/uy;
/** The name of a step may begin with a digit. */
const SEGMENT = /[\p{Alphabetic}\p{N}_$]+/uy;
const DIGITS = /[0-9]+/y;
const FRACTION = /\.[0-9]+/y;
const PATH_FOLLOWS = /\.[\p{Alphabetic}_$`]|\[/uy;
const SYMBOL = /===|!==|==|!=|<=|>=|&&|\|\||\+\+|\}\}|[=<>&|+\-*/%!()[\];.]/y;
const BRACES = /\{\{+/g;

const KINDS: Record<string, TokenKind> = {
  "}}": "close",
  "!": "not",
  "(": "openParenthesis",
  ")": "closeParenthesis",
  "[": "openBracket",
  "]": "closeBracket",
  ";": "semicolon",
  ".": "dot",
};

const OPERANDS = new Set<TokenKind>(["number", "module", "text", "name", "quoted", "closeParenthesis", "closeBracket"]);

/** Whether an operand ends with such a token. */
function endsOperand(kind: TokenKind): boolean {
  return OPERANDS.has(kind);
}

/** All tokens, one after the other without gaps. */
export function tokens(text: string): Token[] {
  const found: Token[] = [];
  const lastClose = text.lastIndexOf("}}");
  let from = 0;
  for (;;) {
    BRACES.lastIndex = from;
    const braces = BRACES.exec(text);
    // Of `{{{` the last two open: a brace cannot begin an expression.
    const open = braces ? braces.index + braces[0].length - 2 : -1;
    if (open < 0 || open >= lastClose) break;
    if (open > from) found.push({ kind: "literal", from, to: open });
    found.push({ kind: "open", from: open, to: open + 2 });
    from = expression(text, open + 2, found);
  }
  if (from < text.length) found.push({ kind: "literal", from, to: text.length });
  return found;
}

/** Reads up to `}}` or the end, and answers with where that is. */
function expression(text: string, start: number, found: Token[]): number {
  let at = start;
  let before: TokenKind = "open";
  while (at < text.length) {
    const space = match(SPACE, text, at);
    if (space > at) {
      found.push({ kind: "space", from: at, to: space });
      at = space;
      continue;
    }
    const token = next(text, at, before);
    found.push(token);
    at = token.to;
    before = token.kind;
    if (before === "close") break;
  }
  return at;
}

function next(text: string, from: number, before: TokenKind): Token {
  const first = text[from];
  if (first === "`") return enclosed(text, from, "`", "quoted");
  if (before === "dot") {
    const to = match(SEGMENT, text, from);
    if (to > from) return { kind: "name", from, to };
  }
  if (first === '"' || first === "'") return literal(text, from, first);
  const digits = match(DIGITS, text, from);
  if (digits > from) return number(text, from, digits);
  const name = match(NAME, text, from);
  if (name > from) return { kind: word(text.slice(from, name), before), from, to: name };
  const symbol = match(SYMBOL, text, from);
  if (symbol > from) return { kind: KINDS[text.slice(from, symbol)] ?? "operator", from, to: symbol };
  return { kind: "bad", from, to: from + (text.codePointAt(from)! > 0xffff ? 2 : 1) };
}

/** `and`, `or` and `mod` are operators only behind an operand. */
function word(name: string, before: TokenKind): TokenKind {
  return endsOperand(before) && (name === "and" || name === "or" || name === "mod") ? "operator" : "name";
}

function number(text: string, from: number, digits: number): Token {
  if (match(PATH_FOLLOWS, text, digits) > digits) return { kind: "module", from, to: digits };
  return { kind: "number", from, to: match(FRACTION, text, digits) };
}

/** A quote inside is written twice; a backslash is just a backslash. */
function literal(text: string, from: number, quote: string): Token {
  let at = from + 1;
  for (;;) {
    const end = text.indexOf(quote, at);
    if (end < 0) return unclosed(text, from);
    if (text[end + 1] !== quote) return { kind: "text", from, to: end + 1 };
    at = end + 2;
  }
}

function enclosed(text: string, from: number, sign: string, kind: TokenKind): Token {
  const end = text.indexOf(sign, from + 1);
  return end < 0 ? unclosed(text, from) : { kind, from, to: end + 1 };
}

/** What is not closed goes on to the end of the expression, as far as it can
 *  be told. */
function unclosed(text: string, from: number): Token {
  const close = text.indexOf("}}", from);
  return { kind: "bad", from, to: close < 0 ? text.length : close };
}

/** Where a match that begins at `at` ends; `at` when there is none. */
function match(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}
