/** Modules that Rouage does not have: everything in them can be read and
 *  written, nothing is left out. */
import { h } from "../dom";
import { type Json, isCollection } from "../json";
import { list } from "../tree";
import { words } from "../words/forms";
import { type Form, type View, placeOf } from "./form";
import { anyValue } from "./raw";
import { asText } from "./values";

interface Described {
  name: string;
  label: string;
  help: string;
  isRequired: boolean;
}

/** The fields that Make's editor has described in the file. */
function described(form: Form, part: "parameters" | "mapper"): Described[] {
  const metadata = form.module.metadata;
  const fields = isCollection(metadata) ? list(metadata[part === "mapper" ? "expect" : "parameters"]) : [];
  return fields.filter(isCollection).flatMap((field) => {
    const name = asText(field.name);
    // Some of Make's own descriptions have place holders instead of names.
    if (name === "" || name.includes("{{")) return [];
    const label = asText(field.label);
    return [{ name, label: label === "" || label.includes("{{") ? name : label, help: asText(field.help), isRequired: field.required === true }];
  });
}

/** What a number meant, in the words of Make's editor. */
function meaning(form: Form, part: "parameters" | "mapper", name: string): string {
  const note = form.restored(placeOf(part, name));
  if (!note) return "";
  const path = Array.isArray(note.path) ? note.path.map(asText).join(" / ") : "";
  return asText(note.label) || path;
}

function section(form: Form, part: "parameters" | "mapper", title: string): { element: HTMLElement; views: View[]; names: string } | undefined {
  const value: Json | undefined = form.read([part]);
  const known = described(form, part);
  const own = isCollection(value) ? Object.keys(value) : [];
  const all = [...known, ...own.filter((name) => !known.some((field) => field.name === name)).map((name) => ({ name, label: name, help: "", isRequired: false }))];
  if (all.length === 0) return undefined;
  const views: View[] = [];
  const rows = all.map((field) => {
    const view = anyValue(form, { path: [part, field.name], restore: undefined }, field.label);
    views.push(view);
    const meant = meaning(form, part, field.name);
    const raw = field.label === field.name ? undefined : h("code", { class: "raw-name" }, field.name);
    return h("div", { class: "field", role: "group", "aria-label": field.label, "data-field": `${part}.${field.name}` }, h("div", { class: "field-head" }, h("span", { class: "field-label" }, field.label), field.isRequired && h("span", { class: "required", "aria-hidden": "true" }, "*"), raw), view.element, meant && h("p", { class: "field-note" }, words.inMake(meant)), field.help && h("p", { class: "field-help" }, field.help));
  });
  return { element: h("section", { class: "fields" }, h("h3", {}, title), ...rows), views, names: own.join("\n") };
}

export function unknown(form: Form): View {
  const box = h("div", { class: "unknown" });
  let views: View[] = [];
  let drawn = "";
  const names = () => ["parameters", "mapper"].map((part) => Object.keys((form.read([part]) as object | undefined) ?? {}).join("\n")).join("\n\n");
  const draw = () => {
    for (const view of views) view.destroy?.();
    drawn = names();
    const sections = [section(form, "parameters", words.settings), section(form, "mapper", words.fields)].filter((found) => found !== undefined);
    views = sections.flatMap((found) => found.views);
    box.replaceChildren(...(sections.length > 0 ? sections.map((found) => found.element) : [h("p", { class: "field-note" }, words.nothingInside)]));
  };
  draw();
  return {
    element: box,
    update: () => {
      if (drawn !== names()) draw();
      else for (const view of views) view.update();
    },
    destroy: () => {
      for (const view of views) view.destroy?.();
    },
  };
}
