import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { read } from "./pieces";
import { tokens } from "./tokens";

interface Vector {
  text: string;
  /** `kind text`; the first that cannot be read takes the rest with it. */
  tokens: string[];
  invalid?: boolean;
  modules?: number[];
  functions?: string[];
}

const vectors = JSON.parse(readFileSync("../tests/vectors/mapping.json", "utf8")) as Vector[];

function shown(text: string): string[] {
  const found = tokens(text);
  const bad = found.findIndex((token) => token.kind === "bad");
  const good = (bad < 0 ? found : found.slice(0, bad)).map(({ kind, from, to }) => `${kind} ${text.slice(from, to)}`);
  return bad < 0 ? good : [...good, `bad ${text.slice(found[bad]!.from)}`];
}

test("both lexers read the same tokens", () => {
  assert.ok(vectors.length > 300);
  for (const { text, tokens } of vectors) assert.deepEqual(shown(text), tokens, text);
});

test("the pieces name the modules and functions that the parser finds", () => {
  for (const vector of vectors.filter((vector) => !vector.invalid)) {
    const { pieces } = read(vector.text);
    const modules = pieces.flatMap((piece) => (piece.kind === "item" && piece.path?.module !== undefined ? [piece.path.module] : []));
    assert.deepEqual(modules, vector.modules, vector.text);
    const functions = pieces.flatMap((piece) => (piece.kind === "function" ? [piece.path?.root] : []));
    assert.deepEqual(functions, vector.functions, vector.text);
  }
});

test("tokens and pieces leave no gap, whatever the text", () => {
  for (const { text } of vectors) {
    for (const parts of [tokens(text), read(text).pieces]) {
      assert.equal(parts.map(({ from, to }) => text.slice(from, to)).join(""), text);
    }
  }
});

test("a long text takes no long time", () => {
  const text = "Hello {{upper(1.customer.`First name`; 2)}}, {not} \"this\"\n".repeat(1800);
  assert.ok(text.length > 100_000);
  const start = performance.now();
  assert.ok(read(text).pieces.length > 10_000);
  assert.ok(read(`{{${"upper(".repeat(20_000)}}}`).pieces.length > 10_000);
  assert.ok(performance.now() - start < 1_000, `took ${performance.now() - start} ms`);
});
