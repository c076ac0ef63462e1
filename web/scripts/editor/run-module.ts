/** "Run this module only": one module by itself, with values typed in. */
import { h, icon, uniqueId } from "./dom";
import { type Editor, type Panel, Refused } from "./editor";
import { headOf } from "./run-head";
import { running } from "./run";
import { panelFrame } from "./shell";
import { words } from "./words/run";

/** A value that the module's mapping reads. */
interface Wanted {
  module: number;
  field: string;
  kind: string;
  text: string;
  isLong: boolean;
  isKnown: boolean;
}

export function start(editor: Editor): void {
  editor.panels.set("run-module", (panel: Extract<Panel, { kind: "run-module" }>, box: HTMLElement) => open(editor, panel.key, box));
}

function open(editor: Editor, key: string, box: HTMLElement): void {
  const entry = editor.store.entry(key);
  if (!entry) return;
  const { body, foot } = panelFrame(box, editor, headOf(editor, entry, words.alone));
  body.append(h("p", { class: "quiet" }, words.loading));
  const refuse = (why: string) => body.replaceChildren(h("p", { class: "notice warn" }, icon("triangle-alert"), h("span", {}, why)));
  void ask(editor, key).then(
    ({ fields, why }) => (fields ? fill(editor, key, body, foot, fields) : refuse(why ?? "")),
    (error: unknown) => refuse(error instanceof Refused ? error.message : String(error)),
  );
}

/** The values to fill in; or why the module has no way to run by itself. */
async function ask(editor: Editor, key: string): Promise<{ fields?: Wanted[]; why?: string }> {
  await editor.services.drafts?.flush();
  return editor.get(`/scenarios/${editor.boot.scenario.id}/draft/modules/${key}/values`);
}

function fill(editor: Editor, key: string, body: HTMLElement, foot: HTMLElement, wanted: Wanted[]): void {
  const problem = h("p", { class: "notice bad", role: "alert", hidden: true });
  const form = h(
    "form",
    { class: "run-module", id: uniqueId("run-module"), novalidate: true },
    h("p", { class: "quiet" }, wanted.length > 0 ? words.aloneHelp : words.aloneNothing, " ", words.aloneWrites),
    problem,
    ...wanted.map(field),
  );
  const run = async (event: Event) => {
    event.preventDefault();
    problem.hidden = true;
    const values = wanted.map(({ module, field, kind, text }) => ({ module, field, kind, text }));
    const refused = ({ message }: Refused) => {
      problem.textContent = message;
      problem.hidden = false;
      problem.scrollIntoView({ block: "nearest" });
    };
    if (await running(editor).begin({ how: "module", module: Number(key), values }, refused)) editor.open({ kind: "inspect", key });
  };
  form.addEventListener("submit", (event) => void run(event));
  body.replaceChildren(form);
  foot.replaceChildren(h("button", { class: "primary", type: "submit", form: form.id }, icon("play"), words.aloneRun));
  form.querySelector<HTMLElement>(".grow > *")?.focus();
}

/** A value with its type; `wanted` is changed as somebody types. */
function field(wanted: Wanted): HTMLElement {
  const id = uniqueId("value");
  const label = words.ofModule(wanted.module, wanted.field);
  const place = h("div", { class: "grow" });
  const draw = () => place.replaceChildren(control(wanted, id));
  const kind = h(
    "select",
    {
      "aria-label": words.type(label),
      onchange: () => {
        wanted.kind = kind.value;
        draw();
      },
    },
    ...Object.entries(words.types).map(([value, name]) => h("option", { value, selected: value === wanted.kind }, name)),
  );
  draw();
  return h("div", { class: "run-value" }, h("div", { class: "row" }, h("label", { for: id }, label), kind), place, !wanted.isKnown && h("small", {}, words.unknown));
}

function control(wanted: Wanted, id: string): HTMLElement {
  const write = (event: Event) => {
    wanted.text = (event.target as HTMLInputElement).value;
  };
  if (wanted.kind === "boolean") {
    const option = (value: string, name: string) => h("option", { value, selected: wanted.text === value }, name);
    if (wanted.text !== "true" && wanted.text !== "false") wanted.text = "";
    return h("select", { id, onchange: write }, option("", "–"), option("true", words.yes), option("false", words.no));
  }
  if (wanted.kind === "json" || wanted.isLong) {
    const rows = Math.min(12, Math.max(3, wanted.text.split("\n").length));
    const area = h("textarea", { id, rows, class: wanted.kind === "json" ? "code" : "", spellcheck: "false", oninput: write });
    area.value = wanted.text;
    return area;
  }
  const input = h("input", {
    id,
    inputmode: wanted.kind === "number" ? "decimal" : undefined,
    placeholder: wanted.kind === "date" ? "2026-11-24T08:00:00Z" : undefined,
    oninput: write,
  });
  input.value = wanted.text;
  return input;
}
