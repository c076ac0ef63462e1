/** References to modules by number: in mapped texts, as the start of a loop,
 *  in notes and links. On paste they follow the new numbers. */
import { type Collection, type Json, isCollection } from "../json";
import { list, type Module } from "../tree";
import { type Point } from "./room";
import { owner } from "./base";

/** Old number to new one; what is not in it stays. */
export type Numbers = ReadonlyMap<number, number>;

/** Parts of a module in which nothing is mapped. */
const UNMAPPED = new Set(["id", "module", "version", "metadata", "routes", "branches", "onerror", "tools"]);

/** One module with its references renumbered; its own number too. The flows
 *  that hang on it are modules of their own. */
export function renumbered(module: Module, numbers: Numbers): Module {
  const next: Collection = {};
  for (const [key, value] of Object.entries(module)) next[key] = UNMAPPED.has(key) ? value : mapped(value, numbers);
  const id = Number(module.id);
  if (module.id !== null && numbers.has(id)) next.id = numbers.get(id) as number;
  if (Array.isArray(module.branches)) next.branches = module.branches.map((branch) => (isCollection(branch) && branch.conditions !== undefined ? { ...branch, conditions: mapped(branch.conditions, numbers) } : branch));
  if (isCollection(next.parameters)) next.parameters = loops(next.parameters, numbers);
  return next as Module;
}

/** `feeder` is a number, `target` is `<number>.<path>`. */
function loops(parameters: Collection, numbers: Numbers): Collection {
  const next = { ...parameters };
  const feeder = numbers.get(Number(next.feeder));
  if (next.feeder !== null && feeder !== undefined) next.feeder = typeof next.feeder === "string" ? String(feeder) : feeder;
  const target = typeof next.target === "string" ? /^(\d+)(\..*)$/s.exec(next.target) : null;
  const moved = target && numbers.get(Number(target[1]));
  if (target && moved !== undefined && moved !== null) next.target = `${moved}${target[2]}`;
  return next;
}

function mapped(value: Json, numbers: Numbers): Json {
  if (typeof value === "string") return renumberedText(value, numbers);
  if (Array.isArray(value)) return value.map((item) => mapped(item, numbers));
  return isCollection(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapped(item, numbers)])) : value;
}

/** A piece of an expression: a text in quotes, a reference's head, the rest of
 *  a path in backticks, or a number with digits behind its point. */
const PIECE = /"(?:[^"]|"")*"|'[^']*'|(?<head>(?<![\w.`])(?:\d+(?=\s*\.\s*[\p{L}_`$])|`\d+`))|`[^`]*`/gu;

/** A mapped text with `{{3.x}}` and ``{{`3`}}`` renumbered. */
export function renumberedText(text: string, numbers: Numbers): string {
  if (!text.includes("{{")) return text;
  return text.replace(/\{\{(.*?)\}\}/gs, (_, expression: string) => `{{${renumberedExpression(expression, numbers)}}}`);
}

function renumberedExpression(expression: string, numbers: Numbers): string {
  return expression.replace(PIECE, (piece, ...rest) => {
    const { head } = rest.at(-1) as { head?: string };
    const next = head === undefined ? undefined : numbers.get(Number(head.replace(/`/g, "")));
    if (next === undefined) return piece;
    return piece.startsWith("`") ? `\`${next}\`` : String(next);
  });
}

/** The numbers that a mapped text refers to. */
export function referencesIn(value: Json | undefined): number[] {
  const found = new Set<number>();
  const look = (text: string) => {
    for (const [, expression] of text.matchAll(/\{\{(.*?)\}\}/gs)) {
      for (const piece of (expression ?? "").matchAll(PIECE)) {
        if (piece.groups?.head !== undefined) found.add(Number(piece.groups.head.replace(/`/g, "")));
      }
    }
  };
  const walk = (part: Json | undefined): void => {
    if (typeof part === "string") look(part);
    else if (Array.isArray(part)) part.forEach(walk);
    else if (isCollection(part)) Object.values(part).forEach(walk);
  };
  walk(value);
  return [...found];
}

/** What a module maps from others, its own loops included. */
export function referencesOf(module: Module): number[] {
  const parts = Object.entries(module).filter(([key]) => !UNMAPPED.has(key)).map(([, value]) => value);
  const feeder = isCollection(module.parameters) ? module.parameters.feeder : undefined;
  const conditions = list(module.branches).map((branch) => (isCollection(branch) ? (branch.conditions ?? null) : null));
  return [...new Set([...referencesIn([...parts, ...conditions]), ...(typeof feeder === "number" ? [feeder] : [])])];
}

export function renumberedLinks(links: Readonly<Record<string, Json>>, numbers: Numbers): Record<string, Json> {
  const next: Record<string, Json> = {};
  for (const [link, value] of Object.entries(links)) {
    const id = numbers.get(Number(owner(link)));
    if (id !== undefined) next[`${id}.${link.slice(owner(link).length + 1)}`] = value;
  }
  return next;
}

/** Notes of pasted modules; notes about none of them come along as they are. */
export function renumberedNote(note: Json, numbers: Numbers, by: Point): Json {
  if (!isCollection(note)) return note;
  const ids = list(note.moduleIds).map((id) => numbers.get(Number(id)) ?? null).filter((id) => id !== null);
  const metadata = isCollection(note.metadata) ? note.metadata : {};
  const moved = typeof metadata.x === "number" && typeof metadata.y === "number" ? { ...metadata, x: metadata.x + by.x, y: metadata.y + by.y } : metadata;
  return { ...note, moduleIds: ids, metadata: moved };
}
