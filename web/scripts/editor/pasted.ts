/** Reads what people paste: a blueprint in any wrapping, a part of one as
 *  Make's editor copies it, a single module, or a cURL command. */
import { type Fragment, isPlaceholder, whole } from "./blueprint";
import { type Request, parseCurl } from "./curl";
import { type Collection, type Json, isCollection } from "./json";
import { list } from "./tree";
import { words } from "./words/clipboard";

export type Pasted = { fragment: Fragment } | { request: Request } | { problem: string };

const MOST_WRAPPERS = 4;

export function readPasted(text: string): Pasted {
  const trimmed = text.trim();
  if (trimmed === "") return { problem: words.empty };
  if (/^\$?\s*curl(\.exe)?\s/i.test(trimmed)) {
    const request = parseCurl(trimmed);
    return request ? { request } : { problem: words.noAddress };
  }
  let value: Json;
  try {
    value = JSON.parse(trimmed) as Json;
  } catch {
    return { problem: /^[[{]/.test(trimmed) && /"(flow|module|subflows)"/.test(trimmed) ? words.brokenJson : words.noJson };
  }
  const fragment = fragmentIn(value, 0);
  if (!fragment) return { problem: words.noBlueprint };
  const isEmpty = fragment.flows.every((flow) => flow.every((module) => isCollection(module) && isPlaceholder(module)));
  return isEmpty ? { problem: words.emptyBlueprint } : { fragment };
}

function fragmentIn(value: Json, level: number): Fragment | undefined {
  if (level > MOST_WRAPPERS) return undefined;
  if (typeof value === "string") return /^\s*[[{]/.test(value) ? fragmentIn(parsed(value), level + 1) : undefined;
  if (Array.isArray(value)) return fromList(value);
  if (!isCollection(value)) return undefined;
  if (Array.isArray(value.flow)) return whole({ ...value, flow: value.flow.filter(isModule) });
  if (Array.isArray(value.subflows)) return fromSubflows(value);
  if (isModule(value)) return flows([[value]]);
  const inner = value.blueprint ?? value.response ?? value.scenario ?? value.data;
  return inner === undefined ? undefined : fragmentIn(inner, level + 1);
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
}

/** A list of modules that follow one another, or of flows. */
function fromList(items: readonly Json[]): Fragment | undefined {
  if (items.length === 0) return undefined;
  if (items.every(isModule)) return flows([[...items]]);
  const parts = items.map((item) => (isCollection(item) && Array.isArray(item.flow) ? item.flow : item)).filter((item): item is Json[] => Array.isArray(item) && item.length > 0 && item.every(isModule));
  return parts.length === items.length ? flows(parts) : undefined;
}

/** What Make's editor copies: `{"subflows":[{"flow":[…]}],"metadata":{…}}`. */
function fromSubflows(value: Collection): Fragment | undefined {
  const parts = list(value.subflows).map((part) => (isCollection(part) ? list(part.flow).filter(isModule) : []));
  const rest = whole({ metadata: value.metadata ?? {}, flow: [] });
  return { ...flows(parts.filter((flow) => flow.length > 0)), notes: rest.notes };
}

function flows(parts: Json[][]): Fragment {
  return { flows: parts, notes: [], links: {} };
}

function isModule(value: Json): value is Collection & { module: string } {
  return isCollection(value) && typeof value.module === "string";
}
