/** Run once of a scenario that takes inputs: asks for them first. */
import { openDialog } from "./dialog";
import { h, icon, uniqueId } from "./dom";
import type { Editor } from "./editor";
import { type Collection, at, isCollection } from "./json";
import { list } from "./tree";
import { words } from "./words/run";

/** What somebody wrote last, so that the next run begins with it. */
const written = new Map<string, string>();

/** The inputs that the scenario in the editor takes. */
export function inputsOf(editor: Editor): Collection[] {
  return list(at(editor.store.doc.root, ["io", "input_spec"])).filter((field): field is Collection => isCollection(field) && typeof field.name === "string" && field.name !== "");
}

export function askForInputs(fields: Collection[], run: (inputs: Record<string, string>) => void): void {
  const dialog = openDialog(words.inputsTitle);
  const form = h("form", { class: "run-module", id: uniqueId("inputs") }, ...fields.map(row));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const inputs: Record<string, string> = {};
    for (const [name, value] of new FormData(form)) {
      written.set(name, String(value));
      // Nothing written is nothing given: the default counts.
      if (value !== "") inputs[name] = String(value);
    }
    dialog.close();
    run(inputs);
  });
  dialog.body.append(form);
  dialog.foot.append(h("button", { class: "primary", type: "submit", form: form.id }, icon("play"), words.aloneRun));
  form.querySelector<HTMLElement>("input, select, textarea")?.focus();
}

function row(field: Collection): HTMLElement {
  const name = String(field.name);
  const id = uniqueId("input");
  const label = `${text(field.label) || name}${field.required === true ? " *" : ""}`;
  const value = written.get(name) ?? text(field.default);
  return h("div", { class: "run-value" }, h("label", { for: id }, label), control(field, { id, name, required: field.required === true }, value), text(field.help) !== "" && h("small", {}, text(field.help)));
}

function control(field: Collection, attributes: { id: string; name: string; required: boolean }, value: string): HTMLElement {
  const choices = field.type === "boolean" ? [["true", words.yes], ["false", words.no]] : field.type === "select" ? options(field) : undefined;
  if (choices) {
    const option = ([key, label]: string[]) => h("option", { value: key ?? "", selected: key === value }, label ?? "");
    return h("select", attributes, option(["", "–"]), ...choices.map(option));
  }
  if (field.multiline === true || field.type === "array" || field.type === "collection") {
    const area = h("textarea", { ...attributes, rows: 3, spellcheck: "false" });
    area.value = value;
    return area;
  }
  const input = h("input", { ...attributes, inputmode: field.type === "number" ? "decimal" : undefined, placeholder: field.type === "date" ? "2026-11-24T08:00:00Z" : undefined });
  input.value = value;
  return input;
}

function options(field: Collection): string[][] {
  return list(field.options).filter(isCollection).map((option) => [text(option.value), text(option.label) || text(option.value)]);
}

function text(value: unknown): string {
  return value === undefined || value === null ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
}
