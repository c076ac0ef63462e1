/** The panel of a bubble: what a module was given and what it gave, operation by
 *  operation. The server draws it; here it is put in, kept fresh and paged. */
import { h, icon } from "./dom";
import type { Editor, Panel } from "./editor";
import { headOf } from "./run-head";
import { running } from "./run";
import { panelFrame } from "./shell";
import type { RunReport } from "./run-data";
import { words as rehearsal } from "./words/rehearsal";
import { words } from "./words/run";

export function start(editor: Editor): void {
  editor.panels.set("inspect", (panel: Extract<Panel, { kind: "inspect" }>, box: HTMLElement) => open(editor, panel.key, box));
}

function open(editor: Editor, key: string, box: HTMLElement): (() => void) | void {
  const entry = editor.store.entry(key);
  if (!entry) return;
  const { body, foot } = panelFrame(box, editor, headOf(editor, entry, words.inspect));
  const content = h("div", { class: "inspect-box", "aria-live": "off" }, h("p", { class: "quiet" }, words.loading));
  body.append(content);
  foot.append(
    h("button", { class: "small", onclick: () => editor.open({ kind: "run-module", key }) }, icon("play"), words.runModule),
    h("button", { class: "small", onclick: () => editor.open({ kind: "module", key }) }, icon("settings"), words.settings),
    h("button", { class: "small", onclick: () => editor.open({ kind: "log" }) }, icon("list"), words.log),
  );
  content.addEventListener("click", (event) => void pressed(event, editor, content));

  let seen = "";
  const refresh = async () => {
    const run = running(editor);
    const mark = run.report?.modules[key];
    const state = JSON.stringify([run.execution, run.report?.rehearsal && run.report.id, mark]);
    if (state === seen) return;
    seen = state;
    if (run.report?.rehearsal) return content.replaceChildren(...rehearsed(run.report, key));
    if (!run.execution) return content.replaceChildren(h("p", { class: "empty" }, words.noRun));
    if (run.report && !mark) return content.replaceChildren(h("p", { class: "empty" }, words.notReached));
    const fresh = await piece(`/executions/${run.execution}/modules/${key}`);
    if (seen !== state) return;
    const opened = openDetails(content);
    content.replaceChildren(fresh ?? h("p", { class: "empty" }, words.notReached));
    for (const [index, details] of content.querySelectorAll("details").entries()) details.open = opened[index] ?? details.open;
  };
  const onRun = () => void refresh();
  editor.signals.addEventListener("run", onRun);
  void refresh();
  return () => editor.signals.removeEventListener("run", onRun);
}

/** What a module got and gave in a rehearsal. */
function rehearsed(report: RunReport, key: string): HTMLElement[] {
  const text = report.pieces?.[key];
  const note = h("p", { class: "notice" }, icon("flask-conical"), h("span", {}, rehearsal.inspectNote));
  if (text === undefined) return [note, h("p", { class: "empty" }, rehearsal.noPiece)];
  const piece = pieceOf(text);
  // No execution stands behind it, so there is nothing to copy from the server.
  for (const link of piece?.querySelectorAll("a[data-copy-url], p > a.button") ?? []) link.remove();
  return piece ? [note, piece] : [note];
}

/** What somebody folded or opened stays so while the run goes on. */
function openDetails(content: HTMLElement): boolean[] {
  return [...content.querySelectorAll("details")].map((details) => details.open);
}

/** A piece of a page, as elements. */
export async function piece(path: string): Promise<HTMLElement | undefined> {
  const answer = await fetch(path, { redirect: "manual" });
  if (!answer.ok) return undefined;
  return pieceOf(await answer.text());
}

function pieceOf(text: string): HTMLElement | undefined {
  const page = new DOMParser().parseFromString(text, "text/html");
  const found = page.querySelector<HTMLElement>(".inspect");
  return found ? document.importNode(found, true) : undefined;
}

/** The links of the piece belong to a page of the history. */
async function pressed(event: Event, editor: Editor, content: HTMLElement): Promise<void> {
  const link = (event.target as Element).closest("a");
  if (!link) return;
  if (link.hasAttribute("data-copy-url")) {
    event.preventDefault();
    try {
      await navigator.clipboard.writeText(await (await fetch(link.href)).text());
      editor.say(words.copied);
    } catch {
      editor.say(words.notCopied, "warn");
    }
    return;
  }
  const query = link.getAttribute("href") ?? "";
  if (!query.startsWith("?")) return;
  event.preventDefault();
  const execution = running(editor).execution;
  const module = new URLSearchParams(query.split("#")[0]).get("module");
  const more = await piece(`/executions/${execution}/modules/${module}${query.split("#")[0]}`);
  if (!more) return;
  // The decisions of the filter are on the first page already.
  for (const filter of more.querySelectorAll(".filter-box")) filter.remove();
  const first = more.querySelector("summary");
  link.closest("p")?.remove();
  content.append(more);
  first?.focus();
}
