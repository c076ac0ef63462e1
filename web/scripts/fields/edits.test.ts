import assert from "node:assert/strict";
import { test } from "node:test";
import { type Deletion, deleteBeside, deleteSelection, remove } from "./deletion";
import { type Edit, apply } from "./edits";
import { type Insertion, insert, toCode } from "./insertion";
import { atoms, read } from "./pieces";
import { type as typeSign } from "./typing";

const isKeyword = (name: string) => ["now", "true", "emptystring"].includes(name);

/** A text with `|` at the ends of the selection. */
function parse(marked: string): { text: string; from: number; to: number } {
  const parts = marked.split("|");
  const from = parts[0]!.length;
  return { text: parts.join(""), from, to: parts.length > 2 ? from + parts[1]!.length : from };
}

function mark(text: string, from: number, to: number): string {
  return from === to ? `${text.slice(0, from)}|${text.slice(from)}` : `${text.slice(0, from)}|${text.slice(from, to)}|${text.slice(to)}`;
}

function done(text: string, edit: Edit): string {
  return mark(apply(text, edit), edit.from, edit.to);
}

function inserted(marked: string, what: Insertion): string {
  const { text, from, to } = parse(marked);
  return done(text, insert(text, from, to, what));
}

function shown(text: string, deletion: Deletion | undefined): string {
  if (!deletion) return "as always";
  return "select" in deletion ? mark(text, ...deletion.select) : done(text, deletion.edit);
}

function backspace(marked: string): string {
  const { text, from, to } = parse(marked);
  return shown(text, from === to ? deleteBeside(text, from, -1, isKeyword) : deleteSelection(text, from, to));
}

function typed(marked: string, sign: string): string {
  const { text, from, to } = parse(marked);
  const edit = typeSign(text, from, to, sign);
  return edit ? done(text, edit) : "as always";
}

const item: Insertion = { kind: "value", code: "1.a" };
const upper: Insertion = { kind: "call", name: "upper", places: 1 };
const choose: Insertion = { kind: "call", name: "if", places: 3 };
const plus: Insertion = { kind: "operator", sign: "+" };

test("an item goes in as an expression or into one", () => {
  assert.equal(inserted("Hello |!", item), "Hello {{1.a}}|!");
  assert.equal(inserted("Hello |you|!", item), "Hello {{1.a}}|!");
  assert.equal(inserted("{{1.b}}|", item), "{{1.b}}{{1.a}}|");
  assert.equal(inserted("{{upper(|)}}", item), "{{upper(1.a|)}}");
  assert.equal(inserted("{{upper(1.b|)}}", item), "{{upper(1.b + 1.a|)}}");
  assert.equal(inserted("{{upper(|1.b)}}", item), "{{upper(1.a| + 1.b)}}");
  assert.equal(inserted("{{if(1.b;|; )}}", item), "{{if(1.b; 1.a|; )}}");
  assert.equal(inserted("{{if(1.b; |; )}}", item), "{{if(1.b; 1.a|; )}}");
  assert.equal(inserted("{{1.b + |}}", item), "{{1.b + 1.a|}}");
  assert.equal(inserted("{{|}}", item), "{{1.a|}}");
  assert.equal(inserted("{{upper(|1.b|)}}", item), "{{upper(1.a|)}}");
  assert.equal(inserted("{{upper|(1.b|)}}", item), "{{1.a|}}");
});

test("an item in the middle of a text of a formula leaves both halves texts", () => {
  assert.equal(inserted('{{upper("a|b")}}', item), '{{upper("a" + 1.a| + "b")}}');
  assert.equal(inserted('{{upper("|")}}', item), "{{upper(1.a|)}}");
  assert.equal(inserted('{{upper("a|")}}', item), '{{upper("a" + 1.a|)}}');
  assert.equal(inserted('{{upper("a|b|c")}}', upper), '{{upper("a" + upper("b")| + "c")}}');
});

test("a function waits for its first argument, or takes what is selected", () => {
  assert.equal(inserted("|", upper), "{{upper(|)}}");
  assert.equal(inserted("|", choose), "{{if(|; ; )}}");
  assert.equal(inserted("Hi |Ada| {{1.b}}", upper), 'Hi {{upper("Ada")}}| {{1.b}}');
  assert.equal(inserted("|{{1.b}}|", upper), "{{upper(1.b)}}|");
  assert.equal(inserted("|Hi {{1.b}}|", choose), '{{if("Hi " + 1.b; |; )}}');
  assert.equal(inserted("Hi {{if(|1.b|; 2)}}", upper), "Hi {{if(upper(1.b)|; 2)}}");
  assert.equal(inserted("{{if(|; 2)}}", upper), "{{if(upper(|); 2)}}");
  assert.equal(inserted("{{if(|1.c; 2)}}", upper), "{{if(upper(|) + 1.c; 2)}}");
  assert.equal(inserted("|", { kind: "call", name: "x", places: 0 }), "{{x()}}|");
});

test("a sign goes on with the expression beside it", () => {
  assert.equal(inserted("{{1.b}}|", plus), "{{1.b + |}}");
  assert.equal(inserted("{{upper(1.b|)}}", plus), "{{upper(1.b + |)}}");
  assert.equal(inserted("{{upper(1.b |2)}}", plus), "{{upper(1.b + |2)}}");
  assert.equal(inserted("a|", plus), "a+|");
});

test("a mapped text becomes one formula", () => {
  assert.equal(toCode('a "b" {{1.c + 2}}x{{now}}'), '"a ""b"" " + (1.c + 2) + "x" + now');
  assert.equal(toCode("{{1.c + 2}}"), "1.c + 2");
  assert.equal(toCode("42"), "42");
});

test("backspace takes a pill whole, with the sign that joined it", () => {
  assert.equal(backspace("a {{1.b}}|"), "a |");
  assert.equal(backspace("{{1.b}}{{2.c}}|"), "{{1.b}}|");
  assert.equal(backspace("{{1.b + 2.c}}|"), "{{1.b|}}");
  assert.equal(backspace("{{1.b| + 2.c}}"), "{{|2.c}}");
  assert.equal(backspace("{{upper(1.b|)}}"), "{{upper(|)}}");
  assert.equal(backspace("{{if(1.b; 2.c|; 3)}}"), "{{if(1.b; |; 3)}}");
  assert.equal(backspace("{{if(!1.b|; 3)}}"), "{{if(|; 3)}}");
  assert.equal(backspace("{{now}}|"), "|");
  assert.equal(backspace("{{}}|"), "|");
  assert.equal(backspace("{{|}}"), "|");
  assert.equal(backspace("ab|"), "as always");
});

test("backspace on a function selects the call first and deletes it then", () => {
  assert.equal(backspace("{{upper(1.b)}}|"), "|{{upper(1.b)}}|");
  assert.equal(backspace("a|{{upper(1.b)}}|c"), "a|c");
  assert.equal(backspace("{{upper(|1.b)}}"), "|{{upper(1.b)}}|");
  assert.equal(backspace("{{1.a + upper(1.b)|}}"), "as always");
  assert.equal(backspace("{{1.a + upper(1.b)}}|"), "{{1.a + |upper(1.b)|}}");
  assert.equal(backspace("{{1.a + |upper(1.b)|}}"), "{{1.a|}}");
  assert.equal(backspace("{{if(lower(1.b)|; 2)}}"), "{{if(|lower(1.b)|; 2)}}");
});

test("a selection that cuts a call grows to the whole call", () => {
  assert.equal(backspace("a|b{{upper(|1.b)}}"), "a|b{{upper(1.b)|}}");
  assert.equal(backspace("a|b{{upper(1.b)}}|"), "a|");
  assert.equal(backspace("{{1.a| + 1.b +| 1.c}}"), "{{1.a + |1.c}}");
});

test("without its ; two arguments are joined", () => {
  assert.equal(backspace("{{if(1.a;| )}}"), "{{if(1.a|)}}");
  assert.equal(backspace('{{if(1.a;| "b")}}'), '{{if(1.a + |"b")}}');
});

test("quotes go in pairs", () => {
  assert.equal(backspace('{{upper("|")}}'), "{{upper(|)}}");
  assert.equal(backspace('{{upper("ab"|)}}'), '{{upper("a|")}}');
  assert.equal(backspace('{{upper("|ab")}}'), '{{upper(|"ab"|)}}');
  assert.equal(backspace('{{upper("a""|b")}}'), '{{upper("a|b")}}');
  assert.equal(backspace('{{upper("😀"|)}}'), '{{upper("|")}}');
});

test("typed pairs close themselves and are stepped over", () => {
  assert.equal(typed("a{|", "{"), "a{{|}}");
  assert.equal(typed("a{{|}}", "{"), "a{{{|}}");
  assert.equal(typed("{{1.a|}}", "}"), "{{1.a}}|");
  assert.equal(typed("{{upper|}}", "("), "{{upper(|)}}");
  assert.equal(typed("{{upper(1.a|)}}", ")"), "{{upper(1.a)|}}");
  assert.equal(typed("{{if(1.a|; )}}", ";"), "{{if(1.a;| )}}");
  assert.equal(typed("{{if(1.a|)}}", ";"), "as always");
  assert.equal(typed("{{upper(|)}}", '"'), '{{upper("|")}}');
  assert.equal(typed('{{upper("a|")}}', '"'), '{{upper("a"|)}}');
  assert.equal(typed('{{upper("a|b")}}', '"'), '{{upper("a""|b")}}');
  assert.equal(typed('{{upper("a|b")}}', ";"), "as always");
  assert.equal(typed("{{1.|}}", "`"), "{{1.`|`}}");
  assert.equal(typed("{{1.`a|`}}", "`"), "{{1.`a`|}}");
  assert.equal(typed("a|", "}"), "as always");
});

test("whatever is taken out of a formula, its parentheses still fit", () => {
  const text = 'Hi {{if(1.a + upper("x;y"); lower(2.b[1].`c d`); (3 + now) * 2)}} and {{1.b + "z"}}{{true}}';
  for (let from = 0; from <= text.length; from += 1) {
    for (let to = from + 1; to <= text.length; to += 1) {
      const left = apply(text, remove(text, from, to));
      const { pieces } = read(left);
      const isWhole = pieces.every((piece) => !["function", "group", "openIndex"].includes(piece.kind) || piece.partner >= 0);
      assert.ok(isWhole && pieces.every((piece) => piece.kind !== "bad"), `${from} to ${to}: ${left}`);
    }
  }
});

test("braces belong to the pill beside them", () => {
  const ranges = (text: string) => atoms(read(text), isKeyword).map(({ from, to }) => text.slice(from, to));
  assert.deepEqual(ranges("a{{ 1.b }}c"), ["{{ 1.b }}"]);
  assert.deepEqual(ranges('{{upper("x"; now)}}'), ["{{upper(", ";", "now", ")}}"]);
  assert.deepEqual(ranges("{{1 + x}}"), ["{{", "}}"]);
});
