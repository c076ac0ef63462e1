/** The tokens of a mapped text put together to what is shown as one: an item
 *  with its whole path, a function with its parenthesis; and what encloses
 *  what. */
import { type Token, type TokenKind, tokens } from "./tokens";

export type PieceKind =
  | "literal"
  | "open"
  | "close"
  | "space"
  | "number"
  | "text"
  | "operator"
  | "not"
  | "bad"
  /** A path: ``1.customer.`First name` ``, `` `1` ``, `var.input.email`. */
  | "item"
  /** A bare name: a keyword, or unknown. */
  | "name"
  /** `upper(` */
  | "function"
  /** `(` without a name. */
  | "group"
  /** `)` */
  | "end"
  | "separator"
  /** `[` and `]` around an index that is computed. */
  | "openIndex"
  | "closeIndex"
  /** A step behind a call, a group or a computed index: `.name`. */
  | "step";

export interface Piece {
  readonly kind: PieceKind;
  readonly from: number;
  readonly to: number;
  /** Of a function, a name, an item or a step. */
  readonly path?: Path;
  /** Which expression of the text it belongs to; -1 for literal text. */
  readonly expression: number;
  /** Index of the piece that encloses it; -1 at the top of an expression. */
  readonly parent: number;
  /** Index of what closes it or what it closes; -1 when there is none. */
  partner: number;
}

export interface Path {
  /** The id of the module; `undefined` for other roots. */
  readonly module: number | undefined;
  readonly root: string;
  readonly steps: readonly PathStep[];
}

/** A name, or a place in an array: `[]` is the first. */
export type PathStep = { readonly name: string } | { readonly index: number };

export interface Expression {
  /** From `{{` to behind `}}`; to the end of the text when it is not closed. */
  readonly from: number;
  readonly to: number;
  /** What stands between the braces. */
  readonly codeFrom: number;
  readonly codeTo: number;
}

export interface Mapped {
  readonly text: string;
  readonly pieces: readonly Piece[];
  readonly expressions: readonly Expression[];
}

/** The last text that was read: the parts of a field ask for the same one. */
let last: Mapped | undefined;

/** Takes a text apart. */
export function read(text: string): Mapped {
  if (last?.text === text) return last;
  const reader = new Reader(text, tokens(text));
  reader.run();
  last = { text, pieces: reader.pieces, expressions: reader.expressions };
  return last;
}

const OPERAND_ENDS = new Set<PieceKind>(["item", "name", "number", "text", "end", "closeIndex", "step"]);
const OPERAND_STARTS = new Set<PieceKind>(["item", "name", "number", "text", "function", "group"]);

/** Whether a value ends with such a piece. */
export function endsValue(kind: PieceKind): boolean {
  return OPERAND_ENDS.has(kind);
}

/** Whether a value begins with such a piece. */
export function startsValue(kind: PieceKind): boolean {
  return OPERAND_STARTS.has(kind);
}

const SAME: Partial<Record<TokenKind, PieceKind>> = {
  literal: "literal",
  space: "space",
  number: "number",
  text: "text",
  operator: "operator",
  not: "not",
  bad: "bad",
  dot: "bad",
  semicolon: "separator",
};

class Reader {
  readonly pieces: Piece[] = [];
  readonly expressions: Expression[] = [];
  /** Indices of what is open. */
  #stack: number[] = [];
  #at = 0;
  #inside = -1;

  constructor(
    readonly text: string,
    readonly tokens: readonly Token[],
  ) {}

  run(): void {
    while (this.#at < this.tokens.length) this.#piece(this.tokens[this.#at]!);
  }

  #piece(token: Token): void {
    switch (token.kind) {
      case "open":
        return this.#open(token);
      case "close":
        this.#add("close", token.from, token.to);
        this.#at += 1;
        this.#inside = -1;
        this.#stack = [];
        return;
      case "name":
      case "module":
      case "quoted":
        return this.#named(token);
      case "openParenthesis":
        return this.#opener("group", token);
      case "closeParenthesis":
        return this.#closer("end", token, ["function", "group"]);
      case "openBracket":
        return this.#opener("openIndex", token);
      case "closeBracket":
        return this.#closer("closeIndex", token, ["openIndex"]);
      case "dot":
        if (this.#isStep()) return this.#step(token);
    }
    this.#add(SAME[token.kind] ?? "bad", token.from, token.to);
    this.#at += 1;
  }

  #open(token: Token): void {
    this.#inside = this.expressions.length;
    this.#stack = [];
    let close = this.#at + 1;
    while (close < this.tokens.length && this.tokens[close]!.kind !== "close") close += 1;
    const end = this.tokens[close]?.from ?? this.text.length;
    this.expressions.push({ from: token.from, to: this.tokens[close]?.to ?? end, codeFrom: token.to, codeTo: end });
    this.#add("open", token.from, token.to);
    this.#at += 1;
  }

  #opener(kind: "group" | "openIndex", token: Token): void {
    this.#stack.push(this.#add(kind, token.from, token.to));
    this.#at += 1;
  }

  #closer(kind: "end" | "closeIndex", token: Token, openers: PieceKind[]): void {
    const top = this.#stack.at(-1);
    const fits = top !== undefined && openers.includes(this.pieces[top]!.kind);
    if (fits) this.#stack.pop();
    const index = this.#add(fits ? kind : "bad", token.from, token.to);
    if (fits) {
      this.pieces[top]!.partner = index;
      this.pieces[index]!.partner = top;
    }
    this.#at += 1;
  }

  /** An item, a function or a bare name. */
  #named(token: Token): void {
    const root = this.#name(token);
    const isModule = token.kind !== "name" && /^\d+$/.test(root) && Number.isSafeInteger(Number(root));
    const parenthesis = this.#ahead(this.#at + 1);
    if (token.kind === "name" && this.tokens[parenthesis]?.kind === "openParenthesis") {
      const path = { module: undefined, root, steps: [] };
      this.#at = parenthesis + 1;
      this.#stack.push(this.#add("function", token.from, this.tokens[parenthesis]!.to, path));
      return;
    }
    this.#at += 1;
    const steps = this.#steps();
    const to = this.tokens[this.#at - 1]!.to;
    const path = { module: isModule ? Number(root) : undefined, root, steps };
    this.#add(token.kind === "name" && steps.length === 0 ? "name" : "item", token.from, to, path);
  }

  #step(token: Token): void {
    const steps = this.#steps();
    this.#add("step", token.from, this.tokens[this.#at - 1]!.to, { module: undefined, root: "", steps });
  }

  #isStep(): boolean {
    const last = this.pieces.at(-1);
    const before = last?.kind === "space" ? this.pieces.at(-2) : last;
    const name = this.tokens[this.#ahead(this.#at + 1)];
    return before !== undefined && endsValue(before.kind) && before.kind !== "number" && (name?.kind === "name" || name?.kind === "quoted");
  }

  /** Names and plain indices from here on; goes behind them. */
  #steps(): PathStep[] {
    const steps: PathStep[] = [];
    for (;;) {
      const at = this.#ahead(this.#at);
      const token = this.tokens[at];
      const name = token?.kind === "dot" ? this.tokens[this.#ahead(at + 1)] : undefined;
      if (name && (name.kind === "name" || name.kind === "quoted")) {
        steps.push({ name: this.#name(name) });
        this.#at = this.#ahead(at + 1) + 1;
        continue;
      }
      const index = token?.kind === "openBracket" ? this.#index(at) : undefined;
      if (!index) return steps;
      steps.push({ index: index.value });
      this.#at = index.end;
    }
  }

  /** A place that is written down: `[]`, `[2]`, `[-1]`. */
  #index(open: number): { value: number; end: number } | undefined {
    const parts: Token[] = [];
    let at = open + 1;
    for (; at < this.tokens.length && at < open + 8; at += 1) {
      const token = this.tokens[at]!;
      if (token.kind === "closeBracket") break;
      if (token.kind !== "space") parts.push(token);
    }
    if (this.tokens[at]?.kind !== "closeBracket") return undefined;
    const digits = parts.map((token) => this.text.slice(token.from, token.to)).join("");
    if (digits !== "" && !/^-?\d+$/.test(digits)) return undefined;
    return { value: digits === "" ? 1 : Number(digits), end: at + 1 };
  }

  /** Index of the next token that is no space. */
  #ahead(from: number): number {
    return this.tokens[from]?.kind === "space" ? from + 1 : from;
  }

  #name(token: Token): string {
    return token.kind === "quoted" ? this.text.slice(token.from + 1, token.to - 1) : this.text.slice(token.from, token.to);
  }

  #add(kind: PieceKind, from: number, to: number, path?: Path): number {
    const piece: Piece = { kind, from, to, expression: this.#inside, parent: this.#stack.at(-1) ?? -1, partner: -1 };
    this.pieces.push(path ? { ...piece, path } : piece);
    return this.pieces.length - 1;
  }
}

/** The expression whose code a place is in, its ends included. */
export function expressionAt(mapped: Mapped, at: number): Expression | undefined {
  return mapped.expressions.find((expression) => expression.codeFrom <= at && at <= expression.codeTo);
}

/** What is shown as one pill and crossed by one step of the caret. */
export interface Atom {
  readonly piece: Piece;
  /** With the braces and blanks beside it, where it begins or ends the code. */
  readonly from: number;
  readonly to: number;
}

const ATOMS = new Set<PieceKind>(["item", "function", "group", "end", "separator", "openIndex", "closeIndex", "step"]);

/** The pills of a text, in order. Braces belong to the pill beside them; those
 *  beside a number or a text are a pill of their own. */
export function atoms(mapped: Mapped, isKeyword: (name: string) => boolean): Atom[] {
  const { pieces, expressions, text } = mapped;
  const isAtom = (piece: Piece | undefined) =>
    piece !== undefined && (ATOMS.has(piece.kind) || (piece.kind === "name" && isKeyword(text.slice(piece.from, piece.to))));
  const found: Atom[] = [];
  pieces.forEach((piece, index) => {
    const expression = expressions[piece.expression];
    if (!expression) return;
    const before = solid(pieces, index, -1);
    const behind = solid(pieces, index, 1);
    if (piece.kind === "open" && !isAtom(behind)) found.push({ piece, from: piece.from, to: piece.to });
    if (piece.kind === "close" && !isAtom(before)) found.push({ piece, from: piece.from, to: piece.to });
    if (!isAtom(piece)) return;
    const from = before?.kind === "open" ? expression.from : piece.from;
    const to = behind?.kind === "close" ? expression.to : piece.to;
    found.push({ piece, from, to });
  });
  return found;
}

/** The next piece in a direction that is no space. */
export function solid(pieces: readonly Piece[], index: number, step: 1 | -1): Piece | undefined {
  const next = pieces[index + step];
  return next?.kind === "space" ? pieces[index + 2 * step] : next;
}
