/** Writes unsent work down in the browser, and offers it at the next open. */
import { openDialog } from "./dialog";
import { h } from "./dom";
import type { Editor } from "./editor";
import type { Keeper } from "./keeper";
import { agoWords } from "./times";
import { type Place, type Unsent, forget, offered, remember } from "./unsent";
import { words } from "./words/drafts";

/** So that typing does not write everything with each key. */
const PAUSE = 1_000;

/** Writes it down while something is not kept; `leave` does so at once. */
export function start(editor: Editor, keeper: Keeper): { leave: () => void; news: () => void } {
  const scenario = editor.boot.scenario.id;
  let place: Place;
  try {
    place = localStorage;
  } catch {
    // The person does not let sites keep anything.
    return { leave: () => {}, news: () => {} };
  }
  let timer: number | undefined;
  let isTold = false;
  const write = () => {
    clearTimeout(timer);
    timer = undefined;
    if (!keeper.isUnkept) return;
    const isKept = remember(place, scenario, { ...keeper.wanted, at: new Date().toISOString() });
    if (!isKept && !isTold) editor.say(words.unsentTooLarge, "bad");
    isTold = !isKept;
  };
  const news = () => {
    if (!keeper.isUnkept) {
      clearTimeout(timer);
      timer = undefined;
      forget(place, scenario, keeper.wanted.tab);
    } else timer ??= setTimeout(write, PAUSE) as unknown as number;
  };
  editor.store.subscribe((change) => {
    if (change.kind !== "load") news();
  });
  const unsent = offered(place, scenario, editor.store.doc);
  if (unsent) offer(editor, unsent, () => forget(place, scenario), write);
  return { leave: write, news };
}

function offer(editor: Editor, unsent: Unsent, drop: () => void, write: () => void): void {
  const dialog = openDialog(words.unsentTitle);
  const take = () => {
    editor.store.change(words.unsentTitle, { root: unsent.root, links: unsent.links });
    write();
    dialog.close();
  };
  const throwAway = () => {
    drop();
    dialog.close();
  };
  dialog.body.append(h("p", {}, words.unsentText(agoWords(unsent.at))));
  dialog.foot.append(
    h("button", { type: "button", onclick: throwAway }, words.unsentDrop),
    h("button", { class: "primary", type: "button", onclick: take }, words.unsentTake),
  );
}
