/** The report on the modules, as the import gives it: what runs the same, what
 *  should be looked at, what is not available. */
import { h, icon } from "./dom";
import type { Editor, ModuleReport } from "./editor";
import { line } from "./rehearsal-panel";
import { panelFrame } from "./shell";
import { sentence } from "./tell";
import { words } from "./words/rehearsal";

const ORDER = ["check", "unavailable", "same"] as const;
const SIGNS = { same: "circle-check", check: "triangle-alert", unavailable: "octagon-x" } as const;
const CLASSES = { same: "success", check: "warning", unavailable: "error" } as const;

export function openReport(editor: Editor, box: HTMLElement): () => void {
  const { body, foot } = panelFrame(box, editor, { title: words.reportTitle, icon: "list-checks" });
  let drawn = "";
  const draw = () => {
    const { report } = editor.boot;
    const now = JSON.stringify(report);
    if (now === drawn) return;
    drawn = now;
    const focused = document.activeElement instanceof HTMLElement && body.contains(document.activeElement);
    body.replaceChildren(h("div", { class: "rehearsal" }, tallies(report), ...ORDER.map((status) => group(editor, report, status)).filter((part) => part !== undefined)));
    if (focused) body.querySelector<HTMLElement>("button")?.focus();
  };
  draw();
  foot.append(h("a", { class: "button small", href: `/scenarios/${editor.boot.scenario.id}/setup` }, icon("user"), words.setup));
  editor.signals.addEventListener("report", draw);
  editor.signals.addEventListener("draft", draw);
  return () => {
    editor.signals.removeEventListener("report", draw);
    editor.signals.removeEventListener("draft", draw);
  };
}

function tallies(report: readonly ModuleReport[]): HTMLElement {
  const count = (status: ModuleReport["status"]) => report.filter((module) => module.status === status).length;
  const sign = (status: ModuleReport["status"]) => (status === "same" || count(status) > 0) && h("span", { class: `status ${CLASSES[status]}` }, icon(SIGNS[status]), words[status](count(status)));
  const isFine = count("same") === report.length;
  return h("div", { class: "tallies" }, ...(["same", "check", "unavailable"] as const).map(sign), isFine && h("span", { class: "quiet" }, words.allSame));
}

function group(editor: Editor, report: readonly ModuleReport[], status: ModuleReport["status"]): HTMLElement | undefined {
  const modules = report.filter((module) => module.status === status);
  if (modules.length === 0) return undefined;
  const row = (module: ModuleReport) => {
    const entry = module.id === null ? undefined : editor.store.entry(String(module.id));
    return h(
      "li",
      { class: status === "same" ? "" : "is-warn" },
      entry ? line(editor, entry, "module") : h("span", { class: "quiet" }, words.noName),
      ...module.problems.map((problem) => h("p", {}, sentence(problem))),
    );
  };
  return h("section", {}, h("h3", {}, words.groups[status]), h("ul", { class: "told" }, ...modules.map(row)));
}
