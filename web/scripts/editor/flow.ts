/** Starts everything that changes or explains the flow of a scenario. What is
 *  seen only after a click is fetched when the page has come to rest. */
import { start as clipboard } from "./clipboard";
import { start as commands } from "./commands";
import type { Editor, PanelMaker } from "./editor";
import { actLater, begin, fetchParts, fillLater, later, panelLater } from "./later";
import type { PickerService } from "./services";
import { onAct } from "./shell";

export function start(editor: Editor): void {
  fetchParts();
  for (const part of [commands, clipboard]) part(editor);
  menus(editor);
  picker(editor);
  panelLater(editor, "note", ["notes"]);
  onAct(editor, "find", () => void later(editor, "find", ({ findModule }) => findModule(editor)));
  onAct(editor, "explain", () => (editor.panel?.kind === "explain" ? editor.close() : editor.open({ kind: "explain" })));
  fillLater(editor, "explain", () => later(editor, "explain", ({ show }): PanelMaker<never> => (_panel, box) => show(editor, box)));
}

/** The first menu waits for its part, which listens from then on. */
function menus(editor: Editor): void {
  const first = (event: Event): void => {
    const { detail } = event as CustomEvent<unknown>;
    void begin(editor, ["menus"], () => first(event)).then((isThere) => {
      if (!isThere) return;
      editor.signals.removeEventListener("menu", first);
      editor.signals.dispatchEvent(new CustomEvent("menu", { detail }));
    });
  };
  editor.signals.addEventListener("menu", first);
  actLater(editor, "add", "menus");
}

function picker(editor: Editor): void {
  const open: PickerService["open"] = (where, anchor) => {
    void begin(editor, ["picker"], () => open(where, anchor)).then((isThere) => isThere && editor.services.picker?.open(where, anchor));
  };
  editor.services.picker = { open };
}
