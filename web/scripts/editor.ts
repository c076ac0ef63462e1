// Entry of the editor: wiring only. Each part is a file of its own.
import { start as startBar } from "./editor/bar";
import { start as canvas } from "./editor/canvas";
import { must } from "./editor/dom";
import { start as startDrafts } from "./editor/drafts";
import type { Boot } from "./editor/editor";
import { start as startFlow } from "./editor/flow";
import { start as startKnowledge } from "./editor/knowledge";
import { actLater, begin, panelLater } from "./editor/later";
import { start as startModulePanel } from "./editor/module-panel";
import { start as startPresence } from "./editor/presence";
import { start as startRun } from "./editor/run";
import { start as startDrops } from "./editor/drop-files";
import { start as startRehearsal } from "./editor/rehearsal";
import { createEditor, onAct } from "./editor/shell";
import { start as startTips } from "./editor/tips";
import { words } from "./editor/words/shell";
import { theme } from "./parts/theme";

theme();
const boot = JSON.parse(must("#boot").textContent ?? "{}") as Boot;
const editor = createEditor(boot);
addEventListener("error", () => editor.say(words.broken, "bad"));
addEventListener("unhandledrejection", () => editor.say(words.broken, "bad"));

onAct(editor, "undo", () => editor.store.undo());
onAct(editor, "redo", () => editor.store.redo());

// Each part is started when its file is there; the order matters for the first
// three only: the scene draws, the drafts keep, the rest builds on both.
canvas(editor);
startDrafts(editor);
startFlow(editor);
startPresence(editor);
startBar(editor);
startKnowledge(editor);
startModulePanel(editor);
startRun(editor);
startRehearsal(editor);
startDrops(editor);
startTips();

// What is not seen at first comes when it is used first.
panelLater(editor, "filter", ["mapping", "filter"]);
panelLater(editor, "inspect", ["inspect"]);
panelLater(editor, "log", ["log"]);
panelLater(editor, "run-module", ["runModule"]);
panelLater(editor, "settings", ["settings"]);
actLater(editor, "settings", "settings");
actLater(editor, "publish", "publish");
guide();

document.documentElement.classList.add("is-ready");

/** Only who asked for the guide, here or before a reload, has it. */
function guide(): void {
  const isWanted = new URLSearchParams(location.search).has("guide") || sessionStorage.getItem(`rouage-guide-${boot.scenario.id}`) === "on";
  if (isWanted) void begin(editor, ["tour"], guide);
}
