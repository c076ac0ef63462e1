/** A value of which nothing is known but what stands there: texts mapped,
 *  collections and lists opened up, every leaf can be written. */
import { h, icon } from "../dom";
import type { Field } from "../editor";
import { type Json, isCollection } from "../json";
import { words } from "../words/forms";
import type { Form, Place, View } from "./form";
import { mapped } from "./text";
import { without } from "./values";

const DEEPEST = 8;

export function anyValue(form: Form, place: Place, label: string, level = 0): View {
  const box = h("div", { class: "any" });
  let shown: string | undefined;
  let inner: View | undefined;
  const show = () => {
    const value = form.read(place.path);
    const shape = shapeOf(value);
    if (shape === shown) return inner?.update();
    shown = shape;
    inner?.destroy?.();
    inner = shape === "text" ? leaf(form, place, label) : level >= DEEPEST ? json(form, place, label) : branch(form, place, label, value, level);
    box.replaceChildren(inner.element);
  };
  show();
  return { element: box, update: show, destroy: () => inner?.destroy?.() };
}

/** What decides how it is drawn. */
function shapeOf(value: Json | undefined): string {
  if (Array.isArray(value)) return `list ${value.length}`;
  return isCollection(value) ? `fields ${Object.keys(value).join("\n")}` : "text";
}

function leaf(form: Form, place: Place, label: string): View {
  const field: Field = { name: String(place.path.at(-1)), label, type: "any" };
  const value = form.read(place.path);
  const isLong = typeof value === "string" && (value.length > 120 || value.includes("\n"));
  const control = mapped(form, field, place, { labelId: "", inputId: "", describedBy: "" }, { multiline: isLong });
  return { element: control.element, update: control.update, destroy: () => control.destroy?.() };
}

function branch(form: Form, place: Place, label: string, value: Json | undefined, level: number): View {
  const names: (string | number)[] = Array.isArray(value) ? value.map((_, index) => index) : isCollection(value) ? Object.keys(value) : [];
  const views = names.map((name) => {
    const title = typeof name === "number" ? words.item(name + 1) : name;
    return { name, title, view: anyValue(form, { path: [...place.path, name], restore: undefined }, title, level + 1) };
  });
  const remove = (name: string | number) => {
    const now = form.read(place.path);
    if (Array.isArray(now) && typeof name === "number") form.write(words.removed(label), [[place.path, without(now, name)]]);
    else form.write(words.removed(String(name)), [[[...place.path, name], undefined]]);
  };
  const line = ({ name, title, view }: (typeof views)[number]) => {
    const taking = h("button", { type: "button", class: "ghost remove", "aria-label": words.remove(title), title: words.remove(title), onclick: () => remove(name) }, icon("trash-2"));
    return h("div", { class: "pair", role: "group", "aria-label": title }, h("span", { class: "pair-name" }, title), view.element, taking);
  };
  const isList = Array.isArray(value);
  const summary = isList ? words.items(names.length) : words.fieldCount(names.length);
  return {
    element: h("details", { class: "raw-branch", open: level < 2 && names.length <= 12 }, h("summary", {}, summary), h("div", { class: "pairs" }, ...views.map(line))),
    update: () => {
      for (const { view } of views) view.update();
    },
    destroy: () => {
      for (const { view } of views) view.destroy?.();
    },
  };
}

/** What is too deep to be drawn is written as JSON. */
function json(form: Form, place: Place, label: string): View {
  const area = h("textarea", { class: "code", rows: 5, "aria-label": label, spellcheck: "false" });
  const write = () => {
    try {
      form.write(words.changed(label), [[place.path, JSON.parse(area.value) as Json]], place.path.join("."));
      area.removeAttribute("aria-invalid");
    } catch {
      area.setAttribute("aria-invalid", "true");
    }
  };
  const update = () => {
    if (document.activeElement !== area) area.value = JSON.stringify(form.read(place.path) ?? null, null, 2);
  };
  area.addEventListener("input", write);
  update();
  return { element: area, update };
}
