/** What completion offers in a mapped text: items of the modules before,
 *  functions, keywords and variables, the best first. */
import type { Item } from "../editor/services";
import { words } from "../editor/words/mapping";
import { type Insertion, quoted } from "./insertion";
import { expressionAt, read } from "./pieces";
import { type World, allItems } from "./world";

export interface Suggestion {
  label: string;
  /** Shown small beside it: a value, a signature. */
  detail: string;
  kind: "item" | "function" | "keyword" | "variable" | "text";
  /** Number and colour of the module. */
  module?: number;
  color?: string;
  what: Insertion;
  /** It begins as the word does, so that Enter may take it unasked. */
  isSure: boolean;
  /** What it does, for functions and keywords. */
  help?: string;
  example?: string;
}

/** The word before the caret; nothing where nothing is to be completed. */
export function wordBefore(text: string, at: number, isAsked: boolean): { from: number; word: string } | undefined {
  const expression = expressionAt(read(text), at);
  const open = text.lastIndexOf("{{", at);
  const isOpened = open >= 0 && !text.slice(open, at).includes("}}") && !text.slice(open + 2, at).includes("{");
  if (!expression && !isOpened) return isAsked ? { from: at, word: "" } : undefined;
  const start = expression?.codeFrom ?? open + 2;
  const word = /[\p{Alphabetic}\p{N}_$.`[\]]*$/u.exec(text.slice(start, at))?.[0] ?? "";
  const isInText = read(text).pieces.some((piece) => piece.kind === "text" && piece.from < at && at < piece.to);
  if (isInText) return isAsked ? { from: at, word: "" } : undefined;
  const isFresh = text.slice(start, at - word.length).trim() === "";
  const isWorth = isAsked || /[\p{Alphabetic}.`]/u.test(word) || (isFresh && text.slice(start, at).length === word.length);
  return isWorth ? { from: at - word.length, word } : undefined;
}

const MOST = 80;

export function suggestions(world: World, word: string): Suggestion[] {
  const wanted = plain(word);
  const found: { suggestion: Suggestion; rank: number }[] = [];
  // Until it is known what comes in, a function could only be taken for it.
  const isKnown = world.isKnown;
  const offer = (made: Omit<Suggestion, "isSure">, names: string[], rank: number) => {
    const match = rankOf(wanted, names);
    if (match === undefined) return;
    const isItem = made.kind === "item";
    const suggestion = { ...made, isSure: wanted !== "" && match <= (isItem ? 2 : 1) && (isItem || isKnown) };
    // The second word of a name is as good as the first: what comes in goes
    // before a function that only begins alike.
    found.push({ suggestion, rank: (isItem && match === 2 ? 1 : match) * 10 + rank });
  };
  world.groups().forEach((group, distance) => {
    for (const item of allItems(group.items)) {
      const label = labelOf(item, group.items, group.module);
      const suggestion: Omit<Suggestion, "isSure"> = { label, detail: sampleOf(item), kind: "item", module: group.module, what: { kind: "value", code: item.path } };
      if (group.color) suggestion.color = group.color;
      offer(suggestion, [item.label, item.name, item.path, label], 1 + Math.min(distance, 5) / 10);
    }
  });
  for (const one of world.language?.functions ?? []) {
    const example = one.examples[0];
    offer(
      {
        label: one.name,
        detail: one.signature.slice(one.name.length),
        kind: "function",
        what: call(world, one.name),
        help: one.extension ? `${one.help} (${words.notInMake})` : one.help,
        ...(example ? { example: `${example.expression} → ${shownValue(example.value)}` } : {}),
      },
      [one.name],
      one.extension ? 4 : 2,
    );
  }
  for (const one of world.language?.keywords ?? []) {
    offer({ label: one.name, detail: words.keywordKind, kind: "keyword", what: { kind: "value", code: one.name }, help: one.help }, [one.name], 3);
  }
  for (const item of allItems(world.variables())) {
    if (item.spec) continue;
    offer({ label: item.label, detail: item.sample ?? words.variableKind, kind: "variable", what: { kind: "value", code: item.path } }, [item.label, item.path], 3);
  }
  found.sort((a, b) => a.rank - b.rank);
  const best = found.slice(0, MOST).map((one) => one.suggestion);
  return isWord(word) && !world.function(word) && !world.isKeyword(word) ? [...best, { ...asText(word), isSure: isKnown && best.length === 0 }] : best;
}

/** A function with the places for all arguments that it needs. */
export function call(world: World, name: string): Insertion {
  const known = world.function(name)?.arguments ?? [];
  const needed = known.filter((argument) => !argument.optional).length;
  return { kind: "call", name, places: Math.max(needed, known.length > 0 ? 1 : 0) };
}

/** A value as an example shows it: dates without their wrapping. */
export function shownValue(json: string): string {
  return json.replaceAll(/\{"\$date":"([^"]*)"\}/g, "$1");
}

function asText(word: string): Omit<Suggestion, "isSure"> {
  return { label: `"${word}"`, detail: words.asText(word), kind: "text", what: { kind: "value", code: quoted(word) } };
}

function isWord(word: string): boolean {
  return /^\p{Alphabetic}[\p{Alphabetic}\p{N}_]*$/u.test(word);
}

function sampleOf(item: Item): string {
  return item.sample ?? words.types[item.type] ?? item.type;
}

/** `1. customer: First name`, as on its pill. */
function labelOf(item: Item, items: readonly Item[], module: number): string {
  const way = wayTo(items, item) ?? [item];
  return `${module}. ${way.map((one) => one.label || one.name).join(": ")}`;
}

function wayTo(items: readonly Item[], wanted: Item): Item[] | undefined {
  for (const item of items) {
    if (item === wanted) return [item];
    const rest = item.spec && wayTo(item.spec, wanted);
    if (rest) return [item, ...rest];
  }
  return undefined;
}

function plain(text: string): string {
  return text.replaceAll("`", "").toLowerCase();
}

/** 0 is the same, 1 begins alike, 2 has a word that does, 3 contains it. */
function rankOf(wanted: string, names: readonly string[]): number | undefined {
  if (wanted === "") return 1;
  let best: number | undefined;
  for (const name of names) {
    const other = plain(name);
    const place = other.indexOf(wanted);
    if (place < 0) continue;
    const rank = other === wanted ? 0 : place === 0 ? 1 : /[\s.:_-]/.test(other[place - 1]!) ? 2 : 3;
    best = Math.min(best ?? rank, rank);
  }
  return best;
}
