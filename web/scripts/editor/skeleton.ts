/** A new module from its entry in the catalogue, written as Make writes it:
 *  accounts are null until one is chosen, defaults are spelled out. */
import type { CatalogueModule, Field } from "./editor";
import type { Collection, Json } from "./json";
import type { Entry, Module } from "./tree";
import { isIfElse, isMerge, isRouter, owner, placeholder } from "./blueprint/base";
import { defaultFeeder, type Kinds } from "./blueprint/feeder";
import { COLUMN, type Point } from "./blueprint/room";
import { words } from "./words/flow";

/** What a new module takes from its surroundings. */
export interface Around {
  id: number;
  place: Point;
  /** The modules before it, nearest first. */
  before: readonly Module[];
  kinds: Kinds;
}

/** Fields that are chosen here and kept as links beside the blueprint. */
const LINKED = new Set<Field["type"]>(["connection", "keychain", "hook", "datastore", "structure", "scenario", "spreadsheet"]);
const NUMBERS = new Set<Field["type"]>(["number", "integer", "uinteger"]);

export function skeleton(entry: CatalogueModule, around: Around): Module {
  const { id, place } = around;
  const metadata = { designer: { x: Math.round(place.x), y: Math.round(place.y) } };
  const head = { id, module: entry.name, version: entry.version };
  if (isRouter({ module: entry.name })) return { ...head, mapper: null, metadata, routes: ways(place).map((flow) => ({ flow })) };
  if (isIfElse({ module: entry.name })) return { ...head, mapper: null, metadata, branches: branches(place) };
  if (isMerge({ module: entry.name })) return { ...head, mapper: null, metadata, outputs: [], filters: [] };
  const parameters = defaults(entry.parameters, false);
  if (entry.kind === "aggregator") parameters.feeder = defaultFeeder(around.before, around.kinds) ?? null;
  const mapper = entry.kind === "directive" && entry.mapper.length === 0 ? null : defaults(entry.mapper, true);
  return { ...head, parameters, mapper, metadata };
}

/** Half of what lies between two routes, as Make leaves it. */
const ASIDE = 150;

/** Two empty circles, one above the other. */
function ways(place: Point): Json[][] {
  return [-ASIDE, ASIDE].map((y) => [placeholder({ x: Math.round(place.x + COLUMN), y: Math.round(place.y + y) })]);
}

function branches(place: Point): Json[] {
  const [first, second] = ways(place);
  return [
    { type: "condition", label: words.condition(1), merge: false, disabled: false, conditions: [], flow: first ?? [] },
    { type: "else", label: "", merge: false, flow: second ?? [] },
  ];
}

/** The values that a form starts with. Make writes numbers of mapped fields as
 *  texts, as they may be expressions. */
export function defaults(fields: readonly Field[], isMapped: boolean): Collection {
  const values: Collection = {};
  for (const field of fields) {
    if (!isShown(field, values)) continue;
    if (LINKED.has(field.type)) values[field.name] = null;
    else if (field.default !== undefined) values[field.name] = typed(field, field.default, isMapped);
  }
  return values;
}

function isShown(field: Field, values: Collection): boolean {
  return !field.shown || field.shown.values.includes(String(values[field.shown.field] ?? ""));
}

function typed(field: Field, text: string, isMapped: boolean): Json {
  if (field.type === "boolean") return text === "true";
  if (NUMBERS.has(field.type) && !isMapped && text.trim() !== "" && Number.isFinite(Number(text))) return Number(text);
  return text;
}

/** The accounts of the newest other module of the same app: most scenarios use
 *  one account per app. */
export function linksLike(entry: CatalogueModule, id: number, all: readonly Entry[], links: Readonly<Record<string, Json>>): Record<string, Json> {
  const app = entry.name.split(":")[0];
  const found: Record<string, Json> = {};
  for (const field of [...entry.parameters, ...entry.mapper].filter((field) => field.type === "connection" || field.type === "keychain")) {
    const others = all.filter((other) => other.id !== undefined && other.module.module.split(":")[0] === app);
    const value = others.map((other) => links[`${other.id}.${field.name}`]).filter((link) => link !== undefined).at(-1);
    if (value !== undefined) found[`${id}.${field.name}`] = value;
  }
  return found;
}

/** What of a module still fits when another takes its place: values and
 *  choices of fields that have the same name and type. */
export function kept(before: Module, old: CatalogueModule | undefined, entry: CatalogueModule, fresh: Module): Module {
  const part = (name: "parameters" | "mapper"): Json => {
    const values = before[name];
    const next = fresh[name];
    if (typeof values !== "object" || values === null || Array.isArray(values)) return next ?? null;
    const fits = (field: Field) => Object.hasOwn(values, field.name) && (old?.[name].some((was) => was.name === field.name && was.type === field.type) ?? true);
    const same = entry[name].filter(fits).map((field) => [field.name, values[field.name] as Json]);
    return same.length === 0 ? (next ?? null) : { ...(next as Collection | null), ...Object.fromEntries(same) };
  };
  return { ...fresh, ...(fresh.parameters === undefined ? {} : { parameters: part("parameters") }), mapper: fresh.mapper === null ? null : part("mapper") };
}

/** The links of a replaced module that its successor has fields for. */
export function linksKept(id: number, old: CatalogueModule | undefined, entry: CatalogueModule, links: Readonly<Record<string, Json>>): Record<string, Json> {
  const fields = (of: CatalogueModule | undefined) => [...(of?.parameters ?? []), ...(of?.mapper ?? [])];
  const fits = (name: string) => {
    const [was, is] = [fields(old), fields(entry)].map((list) => list.find((field) => field.name === name));
    if (!is) return false;
    return !was || (was.type === is.type && (!was.kinds || !is.kinds || was.kinds.some((kind) => is.kinds?.includes(kind))));
  };
  return Object.fromEntries(Object.entries(links).filter(([link]) => owner(link) !== String(id) || fits(link.slice(String(id).length + 1))));
}
