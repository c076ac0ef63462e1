/** The shape of an array aggregator's result: fields of one's own choice, or
 *  the items that a later module asks for. */
import { h, uniqueId } from "../dom";
import type { Catalogue, Field } from "../editor";
import { described, labelOf } from "../blueprint";
import { at, isCollection } from "../json";
import { words } from "../words/forms";
import { collection } from "./collection";
import { type Form, type View, placeOf } from "./form";
import { gathered } from "./gather";
import { asText, isShown } from "./values";

interface Target {
  value: string;
  label: string;
  short: string;
  fields: Field[];
}

const PATH = ["parameters", "target"] as const;

export function target(form: Form, catalogue: Catalogue): View {
  const id = uniqueId("target");
  const select = h("select", { id });
  const box = h("div", {});
  const help = h("p", { class: "field-help" }, words.targetHelp);
  const element = h("div", { class: "fields" }, h("div", { class: "field" }, h("div", { class: "field-head" }, h("label", { class: "field-label", for: id }, words.target)), select, help), box);
  let drawn = "";
  let shown: string | undefined;
  let inner: View | undefined;
  const update = () => {
    const known = targets(form, catalogue);
    const now = asText(form.read(PATH));
    const state = JSON.stringify([known.map(({ value, label }) => [value, label]), now]);
    if (state !== drawn) {
      drawn = state;
      const isKnown = now === "" || known.some(({ value }) => value === now);
      select.replaceChildren(h("option", { value: "" }, words.custom), ...known.map(({ value, label }) => h("option", { value }, label)), ...(isKnown ? [] : [h("option", { value: now }, words.notFoundAnyMore(now))]));
      select.value = now;
    }
    const fields = known.find(({ value }) => value === now)?.fields;
    const body = fields ? JSON.stringify(fields) : "";
    if (body === shown) return inner?.update();
    shown = body;
    inner?.destroy?.();
    inner = fields ? collection(form, { name: "", label: words.target, type: "collection", spec: fields }, placeOf("mapper", "")) : gathered(form, placeOf("mapper", ""), catalogue);
    box.replaceChildren(inner.element);
  };
  select.addEventListener("change", () => {
    const chosen = targets(form, catalogue).find(({ value }) => value === select.value);
    const old = form.read(["metadata", "restore", "extra", "target"]);
    form.write(words.changed(words.target), [
      [PATH, chosen?.value],
      [["metadata", "restore", "extra", "target"], { ...(isCollection(old) ? old : {}), label: chosen?.short ?? "Custom" }],
    ]);
  });
  update();
  return { element, update, destroy: () => inner?.destroy?.() };
}

/** Lists of collections that modules after this one take. */
function targets(form: Form, catalogue: Catalogue): Target[] {
  const { entries } = form.editor.store;
  const own = entries.findIndex((entry) => entry.key === form.key);
  const follows = (index: number): boolean => {
    const parent = entries[index]?.parent;
    return parent !== undefined && (parent === own || follows(parent));
  };
  return entries.flatMap((entry, index) => {
    if (!follows(index) || entry.id === undefined) return [];
    const asked = described(entry.module, catalogue)?.mapper ?? [];
    const isOn = (field: Field) => isShown(field, at(entry.module, ["mapper", field.shown?.field ?? ""]), asked.find((other) => other.name === field.shown?.field)?.default);
    const lists = asked.filter((field) => field.type === "array" && isOn(field) && (field.spec?.length ?? 0) > 0 && field.spec?.[0]?.name !== "");
    return lists.map((field) => ({ value: `${entry.id}.${field.name}`, label: words.targetOf(field.label, labelOf(entry.module, catalogue), entry.id ?? 0), short: field.label, fields: field.spec ?? [] }));
  });
}
