/** The panel of a rehearsal: what each module would have done, what should be
 *  looked at, and the data it began with, to be changed. */
import { disc, h, icon, uniqueId } from "./dom";
import type { Editor } from "./editor";
import { appOf } from "./lines";
import { rehearse } from "./rehearsal";
import { running } from "./run";
import type { RehearsedModule, RunReport, RunTrouble } from "./run-data";
import { headOf } from "./run-head";
import { panelFrame } from "./shell";
import type { Entry } from "./tree";
import { words } from "./words/rehearsal";

export function openRehearsal(editor: Editor, box: HTMLElement): () => void {
  const { body, foot } = panelFrame(box, editor, { title: words.title, icon: "flask-conical" });
  const draw = () => {
    const { report } = running(editor);
    // A real run has taken its place.
    if (!report?.rehearsal) return editor.panel?.kind === "rehearsal" ? editor.close() : undefined;
    body.replaceChildren(...content(editor, report));
    foot.replaceChildren(
      h("button", { class: "small", onclick: () => void rehearse(editor) }, icon("rotate-ccw"), words.again),
      h("button", { class: "small", onclick: () => editor.open({ kind: "log" }) }, icon("list"), words.log),
    );
  };
  draw();
  let drawn = running(editor).report?.id;
  const onRun = () => {
    const id = running(editor).report?.id;
    if (id !== drawn) draw();
    drawn = id;
  };
  editor.signals.addEventListener("run", onRun);
  return () => editor.signals.removeEventListener("run", onRun);
}

function content(editor: Editor, report: RunReport): HTMLElement[] {
  const rehearsal = report.rehearsal;
  if (!rehearsal) return [];
  const parts: HTMLElement[] = [];
  if (report.error) parts.push(trouble(editor, report.error));
  parts.push(h("p", { class: report.error ? "quiet" : "notice" }, icon("shield-check"), h("span", {}, h("strong", {}, `${rehearsal.from} `), words.explain)));
  if (rehearsal.isCut) parts.push(h("p", { class: "notice warn" }, icon("triangle-alert"), h("span", {}, words.isCut)));
  parts.push(sample(editor, rehearsal.sample, rehearsal.module !== null));
  const rows = rehearsal.modules.map((module) => row(editor, module));
  parts.push(h("section", {}, h("h3", {}, words.told), rows.length > 0 ? h("ol", { class: "told" }, ...rows) : h("p", { class: "quiet" }, words.nothingTold)));
  const missed = notReached(editor, report);
  if (missed.length > 0) {
    parts.push(h("section", {}, h("h3", {}, words.notReached), h("p", { class: "quiet" }, words.notReachedHelp), h("ul", { class: "told" }, ...missed.map((entry) => h("li", {}, line(editor, entry))))));
  }
  return [h("div", { class: "rehearsal" }, ...parts)];
}

/** What went wrong comes first, with the way to what mends it. */
function trouble(editor: Editor, error: RunTrouble): HTMLElement {
  const key = error.module === null ? undefined : String(error.module);
  const open = (): void => {
    if (key === undefined) return;
    editor.services.scene?.reveal(key);
    editor.selection.set([key]);
    editor.open({ kind: "module", key });
  };
  return h(
    "div",
    { class: "notice bad", role: "alert" },
    icon("octagon-x"),
    h(
      "div",
      { class: "grow stack" },
      h("strong", {}, words.cardFailed),
      error.said !== "" && h("p", {}, error.said),
      error.do !== "" && h("p", {}, error.do),
      key !== undefined && editor.store.entry(key) && h("button", { class: "small", type: "button", onclick: open }, icon("settings"), words.openSettings(key)),
    ),
  );
}

function row(editor: Editor, module: RehearsedModule): HTMLElement {
  const entry = editor.store.entry(String(module.id));
  const name = entry ? line(editor, entry) : h("strong", {}, String(module.id));
  return h(
    "li",
    { class: module.doubts.length > 0 ? "is-warn" : "" },
    name,
    h("p", {}, module.times > 1 && h("span", { class: "quiet" }, `${words.times(module.times)} `), module.would),
    ...module.doubts.map((doubt) => h("p", { class: "doubt" }, icon("triangle-alert"), h("span", {}, doubt))),
  );
}

/** A module as a button that shows what it got and gave. */
export function line(editor: Editor, entry: Entry, kind: "inspect" | "module" = "inspect"): HTMLElement {
  const head = headOf(editor, entry, "");
  const go = () => {
    editor.services.scene?.reveal(entry.key);
    editor.selection.set([entry.key]);
    editor.open({ kind, key: entry.key });
  };
  return h("button", { class: "link plain", onclick: go }, disc(editor.boot.apps[appOf(entry)]), h("span", { class: "grow" }, head.title), h("span", { class: "num" }, head.number));
}

/** Modules that no bundle came to; routers make no operations. */
function notReached(editor: Editor, report: RunReport): Entry[] {
  const isRouter = (entry: Entry) => /^builtin:(BasicRouter|BasicIfElse|BasicMerge)$/.test(String(entry.module.module));
  return editor.store.entries.filter((entry) => entry.id !== undefined && !entry.isOrphan && !isRouter(entry) && (report.modules[String(entry.id)]?.operations ?? 0) === 0).slice(0, 30);
}

function sample(editor: Editor, text: string, isTrigger: boolean): HTMLElement {
  const id = uniqueId("sample");
  const problem = h("p", { class: "bad-text", role: "alert" });
  const area = h("textarea", { id, rows: 8, class: "code", spellcheck: "false", "aria-describedby": `${id}-help` });
  area.value = pretty(text);
  const run = () => {
    try {
      JSON.parse(area.value);
    } catch (error) {
      problem.textContent = words.notJson(error instanceof Error ? error.message : "");
      return area.focus();
    }
    problem.textContent = "";
    void rehearse(editor, area.value, (said) => {
      problem.textContent = said;
    });
  };
  return h(
    "details",
    { class: "sample" },
    h("summary", {}, h("strong", {}, words.sampleTitle)),
    h("label", { for: id, id: `${id}-help`, class: "quiet" }, isTrigger ? words.sampleHelp : words.sampleInputs),
    area,
    problem,
    h("button", { class: "small", type: "button", onclick: run }, icon("flask-conical"), words.withThis),
  );
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
