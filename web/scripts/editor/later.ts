/** Parts that come after the first picture: each is a file of its own, fetched
 *  when it is used first, or when somebody is here and the page is at rest. A
 *  click that finds its part missing waits for it; nothing is lost. */
import type { Editor, Panel, PanelMaker } from "./editor";
import { act, onAct } from "./shell";
import { words } from "./words/later";

const PARTS = {
  explain: () => import("./explain"),
  filter: () => import("./filter"),
  find: () => import("./find"),
  forms: () => import("./forms/panel"),
  inspect: () => import("./inspect"),
  log: () => import("./log"),
  mapping: () => import("./mapping"),
  menus: () => import("./menus"),
  notes: () => import("./notes"),
  outline: () => import("./outline"),
  pasted: () => import("./pasted"),
  picker: () => import("./picker"),
  publish: () => import("./publish"),
  rehearsal: () => import("./rehearsal-panel"),
  report: () => import("./report"),
  routes: () => import("./routes"),
  runModule: () => import("./run-module"),
  settings: () => import("./settings"),
  tour: () => import("./tour"),
};

type Parts = typeof PARTS;
type Name = keyof Parts;
type Part<K extends Name> = Awaited<ReturnType<Parts[K]>>;
/** Parts that have to be started once before they can be used. */
type Startable = { [K in Name]: Part<K> extends { start(editor: Editor): void } ? K : never }[Name];

const started = new Set<Startable>();

/** Does something with a part as soon as it is there. */
export async function later<K extends Name, T>(editor: Editor, name: K, use: (part: Part<K>) => T | Promise<T>): Promise<T | undefined> {
  const part = await fetchPart(editor, name, () => void later(editor, name, use));
  return part && use(part);
}

/** Fetches and starts parts, in this order. Whether they are there; if not, the
 *  person is told, and may have it tried `again`. */
export async function begin(editor: Editor, names: readonly Startable[], again: () => void): Promise<boolean> {
  const parts = await Promise.all(names.map((name) => fetchPart(editor, name, again)));
  if (parts.includes(undefined)) return false;
  names.forEach((name, index) => {
    if (started.has(name)) return;
    started.add(name);
    parts[index]?.start(editor);
  });
  return true;
}

/** An act whose part is fetched when it is done first; the part takes the act
 *  over as it is started. */
export function actLater(editor: Editor, name: string, part: Startable): void {
  const run = () => void begin(editor, [part], run).then((isThere) => isThere && act(name));
  onAct(editor, name, run);
}

/** A panel whose parts are fetched when it is opened first; the last of them
 *  takes the panel over as it is started. */
export function panelLater(editor: Editor, kind: Panel["kind"], parts: readonly Startable[]): void {
  fillLater(editor, kind, async (again) => ((await begin(editor, parts, again)) ? editor.panels.get(kind) : undefined));
}

/** A panel whose maker has to be found first; nothing when it cannot be had. */
export function fillLater(editor: Editor, kind: Panel["kind"], find: (again: () => void) => Promise<PanelMaker<never> | undefined>): void {
  const make: PanelMaker = (panel, box) => {
    let isClosed = false;
    let close: (() => void) | undefined;
    box.setAttribute("aria-busy", "true");
    void find(() => editor.open(panel)).then((maker) => {
      if (isClosed) return;
      box.removeAttribute("aria-busy");
      if (maker) close = (maker as PanelMaker)(panel, box, editor) ?? undefined;
      else editor.close();
    });
    // It may be closed before its part has come.
    return () => {
      isClosed = true;
      close?.();
    };
  };
  editor.panels.set(kind, make as never);
}

/** Fetches all of them in a quiet moment, once somebody moves: a page that
 *  nobody works in yet needs none. */
export function fetchParts(): void {
  const signs = ["pointermove", "pointerdown", "keydown", "focusin", "wheel"] as const;
  const fetchAll = (): void => void Promise.allSettled(Object.values(PARTS).map((part) => part()));
  const somebody = (): void => {
    for (const sign of signs) removeEventListener(sign, somebody, true);
    if ("requestIdleCallback" in globalThis) requestIdleCallback(fetchAll, { timeout: 3_000 });
    else setTimeout(fetchAll, 800);
  };
  for (const sign of signs) addEventListener(sign, somebody, { capture: true, passive: true });
}

async function fetchPart<K extends Name>(editor: Editor, name: K, again: () => void): Promise<Part<K> | undefined> {
  try {
    return (await PARTS[name]()) as Part<K>;
  } catch {
    await explain(editor, again);
    return undefined;
  }
}

/** The server may be gone, or may be a newer one that has this part under
 *  another name: then only a new page helps. */
async function explain(editor: Editor, again: () => void): Promise<void> {
  const isThere = await fetch(location.pathname, { method: "HEAD", redirect: "manual" }).then(
    (answer) => answer.status < 500,
    () => false,
  );
  if (!isThere) return editor.say(words.unreachable, "bad", { label: words.again, run: again });
  editor.say(words.renewed, "bad", { label: words.reload, run: () => void reload(editor) });
}

async function reload(editor: Editor): Promise<void> {
  // What cannot be kept now is asked about by the page itself as it goes.
  await editor.services.drafts?.flush().catch(() => undefined);
  location.reload();
}
