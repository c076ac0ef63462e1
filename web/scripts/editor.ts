// Entry of the editor: wiring only. Each part is a file of its own.
import { start as startBar } from "./editor/bar";
import { start as canvas } from "./editor/canvas";
import { must } from "./editor/dom";
import { start as startDrafts } from "./editor/drafts";
import type { Boot } from "./editor/editor";
import { start as startFilter } from "./editor/filter";
import { start as startFlow } from "./editor/flow";
import { start as startInspect } from "./editor/inspect";
import { start as startLog } from "./editor/log";
import { start as startKnowledge } from "./editor/knowledge";
import { start as startMapping } from "./editor/mapping";
import { start as startModulePanel } from "./editor/module-panel";
import { start as startPresence } from "./editor/presence";
import { start as startPublish } from "./editor/publish";
import { start as startRun } from "./editor/run";
import { start as startRunModule } from "./editor/run-module";
import { start as startSettings } from "./editor/settings";
import { start as startDrops } from "./editor/drop-files";
import { start as startRehearsal } from "./editor/rehearsal";
import { createEditor, onAct } from "./editor/shell";
import { start as startTour } from "./editor/tour";
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
startFilter(editor);
startPresence(editor);
startPublish(editor);
startBar(editor);
startSettings(editor);
startKnowledge(editor);
startMapping(editor);
startModulePanel(editor);
startRun(editor);
startInspect(editor);
startLog(editor);
startRunModule(editor);
startRehearsal(editor);
startDrops(editor);
startTour(editor);
document.documentElement.classList.add("is-ready");
