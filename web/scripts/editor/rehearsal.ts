/** Run with sample data: the server rehearses the draft and touches nothing;
 *  what came of it is shown like a run, and marked as none. */
import { must } from "./dom";
import { type Editor, type PanelMaker, Refused } from "./editor";
import { fillLater, later } from "./later";
import { running } from "./run";
import type { RunReport } from "./run-data";
import { onAct } from "./shell";
import { words } from "./words/rehearsal";

let counter = 0;

export function start(editor: Editor): void {
  onAct(editor, "rehearse", () => void rehearse(editor));
  fillLater(editor, "rehearsal", () => later(editor, "rehearsal", ({ openRehearsal }): PanelMaker<never> => (_panel, box) => openRehearsal(editor, box)));
  fillLater(editor, "report", () => later(editor, "report", ({ openReport }): PanelMaker<never> => (_panel, box) => openReport(editor, box)));
  asked(editor);
}

/** Other pages lead here with what they want to be shown. */
function asked(editor: Editor): void {
  const { hash } = location;
  const key = /^#m(\d+)$/.exec(hash)?.[1];
  if (hash !== "#rehearse" && hash !== "#report" && key === undefined) return;
  history.replaceState(history.state, "", location.pathname + location.search);
  if (hash === "#rehearse") void rehearse(editor);
  else if (hash === "#report") editor.open({ kind: "report" });
  else if (key !== undefined && editor.store.entry(key)) {
    editor.services.scene?.reveal(key);
    editor.selection.set([key]);
    editor.open({ kind: "module", key });
  }
}

/** Rehearses with what is known, or with a text of JSON. Whether it could; a
 *  refusal is told, or given to whoever asks for it. */
export async function rehearse(editor: Editor, sample?: string, onRefused?: (text: string) => void): Promise<boolean> {
  const run = running(editor);
  if (run.state !== "idle") return false;
  must("#live").textContent = words.rehearsing;
  try {
    await editor.services.drafts?.flush();
    const report = await editor.post<RunReport>(`/scenarios/${editor.boot.scenario.id}/rehearse`, sample === undefined ? {} : { sample });
    counter += 1;
    run.present({ ...report, id: `rehearsal ${counter}` });
    if (editor.panel?.kind !== "inspect") editor.open({ kind: "rehearsal" });
    return true;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (onRefused) onRefused(error.message);
    else editor.say(error.message, "bad");
    return false;
  }
}
