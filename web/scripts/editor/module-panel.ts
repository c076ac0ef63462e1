/** The panel of a module. Its forms come when the page has nothing better to
 *  do, so that the canvas is there first. */
import type { Editor, Panel } from "./editor";
import { words } from "./words/module-panel";

type ModulePanel = Extract<Panel, { kind: "module" }>;

const forms = () => import("./forms/panel");

export function start(editor: Editor): void {
  editor.panels.set("module", ((panel: ModulePanel, box: HTMLElement) => later(panel, box, editor)) as never);
  const warmUp = () => void forms().catch(() => undefined);
  if ("requestIdleCallback" in globalThis) requestIdleCallback(warmUp, { timeout: 3_000 });
  else setTimeout(warmUp, 1_000);
}

function later(panel: ModulePanel, box: HTMLElement, editor: Editor): () => void {
  let isClosed = false;
  let close: (() => void) | undefined;
  forms().then(
    ({ openModule }) => {
      if (!isClosed) close = openModule(panel, box, editor) ?? undefined;
    },
    () => {
      if (isClosed) return;
      editor.say(words.noForms, "bad");
      editor.close();
    },
  );
  return () => {
    isClosed = true;
    close?.();
  };
}
