/** Starts everything that changes or explains the flow of a scenario. What is
 *  seen only after a click is fetched when the page has come to rest. */
import { start as clipboard } from "./clipboard";
import { start as commands } from "./commands";
import type { Editor, Panel } from "./editor";
import { fetchParts, later } from "./later";
import { start as menus } from "./menus";
import { start as notes } from "./notes";
import { start as picker } from "./picker";
import { onAct } from "./shell";

export function start(editor: Editor): void {
  fetchParts();
  for (const part of [picker, commands, clipboard, menus, notes]) part(editor);
  onAct(editor, "find", () => void later(editor, "find", ({ findModule }) => findModule(editor)));
  onAct(editor, "explain", () => (editor.panel?.kind === "explain" ? editor.close() : editor.open({ kind: "explain" })));
  editor.panels.set("explain", (_panel: Panel & { kind: "explain" }, box: HTMLElement) => explain(editor, box));
}

/** The panel may be closed before its part has come. */
function explain(editor: Editor, box: HTMLElement): () => void {
  let isClosed = false;
  let close: (() => void) | undefined;
  void later(editor, "explain", ({ show }) => {
    if (!isClosed) close = show(editor, box);
  });
  return () => {
    isClosed = true;
    close?.();
  };
}
