/** Parts that come after the first picture: fetched when the page is at rest, so
 *  that a click finds them there. */
import type { Editor } from "./editor";
import { words } from "./words/menus";

const PARTS = {
  find: () => import("./find"),
  explain: () => import("./explain"),
  routes: () => import("./routes"),
  pasted: () => import("./pasted"),
  rehearsal: () => import("./rehearsal-panel"),
  report: () => import("./report"),
};

type Parts = typeof PARTS;
type Part<K extends keyof Parts> = Awaited<ReturnType<Parts[K]>>;

/** Does something with a part as soon as it is there. */
export async function later<K extends keyof Parts, T>(editor: Editor, name: K, use: (part: Part<K>) => T | Promise<T>): Promise<T | undefined> {
  let part: Part<K>;
  try {
    part = (await PARTS[name]()) as Part<K>;
  } catch {
    // The connection is gone, or the program was renewed meanwhile.
    editor.say(words.notLoaded, "warn");
    return undefined;
  }
  return use(part);
}

/** Fetches all of them, in a quiet moment. */
export function fetchParts(): void {
  const fetchAll = (): void => void Promise.allSettled(Object.values(PARTS).map((part) => part()));
  if ("requestIdleCallback" in globalThis) requestIdleCallback(fetchAll, { timeout: 3_000 });
  else setTimeout(fetchAll, 800);
}
