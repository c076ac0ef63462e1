/** Finds modules by what people call them: names, synonyms, sentences, with a
 *  slip of the finger. Pure; the picker and Ctrl+K draw what it finds. */
import type { CatalogueApp, CatalogueModule } from "./editor";
import { usefulness } from "./usage";

/** Small letters without accents. */
export function folded(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

function wordsOf(text: string): string[] {
  // `addRow` is two words, as is `google-sheets`.
  return folded(text.replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2")).split(/[^\p{L}\p{N}]+/u).filter(Boolean);
}

/** How many letters differ, up to a most; a swap of neighbours is one. */
export function distance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let [before, last] = [[] as number[], Array.from({ length: b.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, (before[j - 2] ?? 0) + 1);
      row.push(least);
    }
    if (Math.min(...row) > most) return most + 1;
    [before, last] = [last, row];
  }
  return last[b.length] ?? most + 1;
}

/** A text that a word of the query is looked for in. */
interface Text {
  words: string[];
  joined: string;
  weight: number;
}

function text(raw: string, weight: number): Text {
  const words = wordsOf(raw);
  return { words, joined: words.join(""), weight };
}

/** What a text counts for a word of the query. A word that people have for it is
 *  meant more surely than the beginning of another one. */
function counts(word: string, one: Text): number {
  const met = meets(word, one);
  if (met >= EXACT && one.weight === 1) return 100;
  return met === 100 && one.weight >= 0.8 ? 90 + one.weight * 9 : met * one.weight;
}

/** How well one word of the query meets a text, from 0 to 100. */
function meets(word: string, { words, joined }: Text): number {
  let best = 0;
  for (const other of words) {
    if (other === word) best = Math.max(best, words.length === 1 ? 100 : EXACT);
    if (other.startsWith(word)) best = Math.max(best, 80 + 15 * (word.length / other.length));
    else if (word.length >= 3 && other.includes(word)) best = Math.max(best, 45);
  }
  if (joined === word) return 100;
  if (best < 80 && word.length >= 3 && joined.startsWith(word)) best = 80;
  if (best < 70 && word.length >= 4 && isInitials(word, words)) best = 70;
  if (best === 0 && word.length >= 4) best = slip(word, [...words, joined]);
  return best;
}

/** `gsheet` is Google Sheets: first letters, then the beginning of the last. */
function isInitials(word: string, words: readonly string[]): boolean {
  for (let count = 1; count < words.length; count += 1) {
    const initials = words.slice(0, count).map((other) => other[0]).join("");
    if (word.startsWith(initials) && words[count]?.startsWith(word.slice(initials.length)) === true) return true;
  }
  return false;
}

function slip(word: string, others: readonly string[]): number {
  const most = word.length >= 7 ? 2 : 1;
  for (const other of others) {
    if (other.length < 3) continue;
    // Half a word with a slip is enough while typing.
    const start = other.length > word.length ? other.slice(0, word.length) : other;
    if (distance(word, other, most) <= most || (word.length >= 5 && distance(word, start, 1) <= 1)) return 30;
  }
  return 0;
}

const NOISE = 0.4;
/** A word of a text, but not all of it. */
const EXACT = 98;

export interface Found {
  module: CatalogueModule;
  app: CatalogueApp;
  score: number;
}

/** The index over a catalogue. */
export class Search {
  #entries: { module: CatalogueModule; app: CatalogueApp; texts: Text[] }[];

  constructor(modules: readonly CatalogueModule[], apps: ReadonlyMap<string, CatalogueApp>) {
    this.#entries = modules.flatMap((module) => {
      const app = apps.get(appName(module));
      return app ? [{ module, app, texts: textsOf(module, app) }] : [];
    });
  }

  /** Best first. Every word of the query must be met by something. */
  find(query: string): Found[] {
    const words = folded(query).split(/\s+/).filter(Boolean);
    if (words.length === 0) return [];
    const found = this.#entries.map(({ module, app, texts }) => ({ module, app, score: score(words, texts) }));
    const best = Math.max(0, ...found.map(({ score }) => score));
    // Beside what was meant, a word somewhere in a sentence is only noise.
    const near = found.filter(({ score }) => score > 0 && score >= best * NOISE).map((one) => ({ ...one, score: one.score + usefulness(one.module.name) }));
    return near.sort((a, b) => b.score - a.score || ofFlow(b) - ofFlow(a) || a.module.label.localeCompare(b.module.label));
  }

  /** What is close when nothing was found. */
  near(query: string, count: number): Found[] {
    const word = folded(query).replace(/[^\p{L}\p{N}]+/gu, "");
    if (word.length < 3) return [];
    const found = this.#entries.map(({ module, app, texts }) => {
      const most = Math.max(2, Math.floor(word.length / 3));
      const nearest = Math.min(...texts.filter(({ weight }) => weight >= 0.6).flatMap(({ words, joined }) => [...words, joined]).map((other) => distance(word, other, most)));
      return { module, app, score: most + 1 - nearest };
    });
    return found.filter(({ score }) => score > 0).sort((a, b) => b.score - a.score).slice(0, count);
  }
}

/** Where a word is as good for both, the module that every scenario may need
 *  goes before one of a single app. */
function ofFlow({ app }: Found): number {
  return app.name === "builtin" ? 1 : 0;
}

export function appName(module: { name: string }): string {
  return module.name.slice(0, Math.max(0, module.name.indexOf(":")));
}

function textsOf(module: CatalogueModule, app: CatalogueApp): Text[] {
  return [
    text(module.label, 1),
    text(app.label, 0.95),
    ...module.synonyms.map((synonym) => text(synonym, 0.9)),
    ...app.synonyms.map((synonym) => text(synonym, 0.8)),
    text(module.name, 0.6),
    text(module.description, 0.35),
  ];
}

function score(words: readonly string[], texts: readonly Text[]): number {
  let sum = 0;
  for (const word of words) {
    const best = Math.max(...texts.map((one) => counts(word, one)));
    if (best <= 0) return 0;
    sum += best;
  }
  return sum / words.length;
}
