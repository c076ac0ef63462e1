/** What the server does not have yet, kept in the browser: nothing that was
 *  typed is lost by closing, a crash or a network that is away. Knows no screen. */
import { type Collection, type Json, isCollection, same } from "./json";
import type { Wanted } from "./keeper";
import type { Doc } from "./store";

/** Work that was not sent, and when it was done. */
export interface Unsent extends Wanted {
  at: string;
}

export type Place = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** Characters; a browser gives a site about five million. */
const LARGEST = 2_000_000;
const key = (scenario: number) => `rouage-unsent-${scenario}`;

/** Whether there was room for it. */
export function remember(place: Place, scenario: number, unsent: Unsent): boolean {
  const text = JSON.stringify(unsent);
  if (text.length > LARGEST) return false;
  try {
    place.setItem(key(scenario), text);
    return true;
  } catch {
    return false;
  }
}

/** What is remembered; nothing when it cannot be read. */
export function remembered(place: Place, scenario: number): Unsent | undefined {
  try {
    const read = JSON.parse(place.getItem(key(scenario)) ?? "null") as Json;
    if (!isCollection(read) || !isCollection(read.root) || !isCollection(read.links)) return undefined;
    const { revision, tab, at } = read;
    return { revision: Number(revision), root: read.root, links: read.links as Collection, tab: String(tab), at: String(at) };
  } catch {
    return undefined;
  }
}

/** Forgets what this tab has left; what another one has left is still wanted. */
export function forget(place: Place, scenario: number, tab?: string): void {
  if (tab !== undefined && remembered(place, scenario)?.tab !== tab) return;
  place.removeItem(key(scenario));
}

/** What can be offered to somebody who sees `doc`: what says the same was kept
 *  after all, and is forgotten. */
export function offered(place: Place, scenario: number, doc: Doc): Unsent | undefined {
  const unsent = remembered(place, scenario);
  if (!unsent || !(same(unsent.root, doc.root) && same(unsent.links, doc.links))) return unsent;
  forget(place, scenario);
  return undefined;
}
