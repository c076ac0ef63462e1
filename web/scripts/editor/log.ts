/** The panel that tells a run in sentences, with what went wrong on top. */
import { h, icon } from "./dom";
import type { Editor, Panel } from "./editor";
import { running } from "./run";
import type { LogLine, RunReport, RunTrouble } from "./run-data";
import { panelFrame } from "./shell";
import { words } from "./words/run";

export function start(editor: Editor): void {
  editor.panels.set("log", (_: Extract<Panel, { kind: "log" }>, box: HTMLElement) => open(editor, box));
}

function open(editor: Editor, box: HTMLElement): () => void {
  const { body, foot } = panelFrame(box, editor, { title: words.logTitle, icon: "list" });
  const draw = () => {
    const { report, state } = running(editor);
    // Whoever reads further up is not pulled down.
    const isAtEnd = body.scrollHeight - body.scrollTop - body.clientHeight < 40;
    body.replaceChildren(...(report ? content(editor, report) : [h("p", { class: "empty" }, words.emptyLog)]));
    if (isAtEnd && state === "running") body.scrollTop = body.scrollHeight;
    foot.replaceChildren(...(report && !report.rehearsal ? [h("a", { class: "button small", href: `/executions/${report.id}` }, icon("external-link"), words.inHistory)] : []));
  };
  let drawn: string | undefined;
  const refresh = () => {
    const { report } = running(editor);
    const now = report && `${report.id} ${report.status} ${report.log.length}`;
    if (now !== drawn) draw();
    drawn = now;
  };
  draw();
  editor.signals.addEventListener("run", refresh);
  return () => editor.signals.removeEventListener("run", refresh);
}

function content(editor: Editor, report: RunReport): HTMLElement[] {
  const parts: HTMLElement[] = [];
  if (report.isDraft && !report.rehearsal) parts.push(h("p", { class: "quiet" }, words.ofDraft));
  if (report.error) parts.push(trouble(editor, report.error));
  if (report.leftOut > 0) parts.push(h("p", { class: "quiet" }, words.leftOut(report.leftOut)));
  parts.push(h("ol", { class: "log" }, ...report.log.map((line) => sentence(editor, line))));
  return parts;
}

function trouble(editor: Editor, error: RunTrouble): HTMLElement {
  const key = String(error.module);
  const isHere = error.module !== null && editor.store.entry(key) !== undefined;
  return h(
    "div",
    { class: "trouble" },
    h("p", {}, h("b", {}, `${words.happened}: `), error.what, error.said && " ", error.said && h("span", { class: "said" }, error.said)),
    h("p", {}, h("b", {}, `${words.todo}: `), error.do),
    isHere && h("div", { class: "row" }, h("button", { class: "small", onclick: () => show(editor, key) }, words.showModule(key))),
    h("details", {}, h("summary", {}, words.rawText), h("pre", { tabindex: "0" }, error.kind ? `${error.kind}: ${error.raw}` : error.raw)),
  );
}

function sentence(editor: Editor, line: LogLine): HTMLElement {
  const key = String(line.module);
  const isHere = line.module !== undefined && editor.store.entry(key) !== undefined;
  const text = isHere ? h("button", { class: "link plain", onclick: () => show(editor, key) }, line.text) : line.text;
  return h("li", { class: line.kind }, h("span", { class: "quiet" }, timeOf(line.at)), h("span", {}, text));
}

/** The day stands at the top of the history; the clock is enough here. */
function timeOf(at: string): string {
  return /\d{1,2}:\d{2}(:\d{2})?/.exec(at)?.[0] ?? at;
}

function show(editor: Editor, key: string): void {
  editor.services.scene?.reveal(key);
  editor.open({ kind: "inspect", key });
}
