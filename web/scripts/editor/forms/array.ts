/** Lists: items that are added, taken away and moved by buttons, or the whole
 *  list given by an expression. */
import { h, icon } from "../dom";
import type { Field } from "../editor";
import { type Json, isCollection } from "../json";
import { words } from "../words/forms";
import { collection, controlOf } from "./collection";
import { fieldView } from "./field";
import { focusFirst } from "./focus";
import { type Change, type Form, type Place, type View, within } from "./form";
import { group } from "./group";
import { anyValue } from "./raw";
import type { Row } from "./row";
import { toggledRow } from "./toggled";
import { isPair, moved, restoredItems, without } from "./values";

export function arrayRow(form: Form, field: Field, place: Place): Row {
  return toggledRow(form, field, place, {
    chosen: (names) => {
      const inner = items(form, field, place);
      inner.element.setAttribute("role", "group");
      inner.element.setAttribute("aria-labelledby", names.labelId);
      return controlOf(inner);
    },
    back: () => undefined,
    forth: () => undefined,
    type: "array",
  });
}

/** What one item is made of. */
function itemFields(field: Field): Field[] {
  return field.spec ?? [];
}

function isSimple(field: Field): boolean {
  const spec = itemFields(field);
  return !field.dynamic && (spec.length === 0 || (spec.length === 1 && spec[0]?.name === ""));
}

function empty(field: Field): Json {
  if (isSimple(field)) return "";
  const made: { [name: string]: Json } = {};
  for (const inner of itemFields(field)) {
    if (inner.default === undefined || inner.shown) continue;
    made[inner.name] = inner.type === "boolean" ? inner.default === "true" : inner.default;
  }
  return made;
}

function items(form: Form, field: Field, place: Place): View {
  const list = h("ol", { class: isPair(field.spec) ? "items is-pairs" : isSimple(field) ? "items is-simple" : "items" });
  const label = field.label || field.name;
  let views: View[] = [];
  let drawn: readonly Json[] | undefined;
  const value = (): Json[] => {
    const found = form.read(place.path);
    return Array.isArray(found) ? found : [];
  };

  const change = (text: string, edit: <T>(list: T[]) => T[], made?: Json) => {
    const before = value();
    const next = made === undefined ? edit(before) : [...before, made];
    const note: Change[] = place.restore
      ? [[place.restore, restoredItems(form.read(place.restore), before.length, (notes) => (made === undefined ? edit(notes) : [...notes, null]))]]
      : [];
    form.forgetModesBelow(place.path);
    form.write(text, [[place.path, next], ...note]);
    draw();
  };
  const focusOn = (index: number, selector: string) => {
    const item = list.children[Math.max(0, Math.min(index, list.children.length - 1))];
    const found = item?.querySelector<HTMLElement>(selector);
    (found && !(found as HTMLButtonElement).disabled ? found : (item?.querySelector<HTMLElement>("button.remove") ?? add)).focus();
  };
  const remove = (index: number) => {
    change(words.removed(words.itemOf(label, index + 1)), (list) => without(list, index));
    if (value().length === 0) add.focus();
    else focusOn(index, "button.remove");
  };
  const shift = (index: number, by: number) => {
    change(words.movedItem(words.itemOf(label, index + 1)), (list) => moved(list, index, index + by));
    focusOn(index + by, by < 0 ? "button.up" : "button.down");
  };

  const line = (index: number, count: number): HTMLElement => {
    const at: Place = { path: [...place.path, index], restore: place.restore && [...place.restore, "items", index] };
    const title = words.item(index + 1);
    const view = itemView(form, field, at, title);
    views.push(view);
    const button = (kind: string, name: string, symbol: string, isOff: boolean, run: () => void) =>
      h("button", { type: "button", class: `ghost ${kind}`, "aria-label": `${name}: ${title}`, title: name, disabled: isOff, onclick: run }, icon(symbol));
    const tools = h(
      "div",
      { class: "item-tools" },
      count > 1 && button("up", words.up, "chevron-up", index === 0, () => shift(index, -1)),
      count > 1 && button("down", words.down, "chevron-down", index === count - 1, () => shift(index, 1)),
      button("remove", words.removeItem, "trash-2", false, () => remove(index)),
    );
    return h("li", { class: "item" }, h("div", { class: "item-head" }, h("span", { class: "item-title" }, title), tools), view.element);
  };
  const draw = () => {
    for (const view of views) view.destroy?.();
    views = [];
    drawn = value();
    list.replaceChildren(...drawn.map((_, index) => line(index, drawn?.length ?? 0)));
    list.hidden = drawn.length === 0;
  };

  const add = h("button", { type: "button", class: "small add", "aria-label": words.addItemTo(label) }, icon("plus"), words.addItem);
  add.addEventListener("click", () => {
    change(words.added(words.itemOf(label, value().length + 1)), (list) => list, empty(field));
    focusFirst(list.lastElementChild?.querySelector(".field, .any"));
  });
  draw();
  return {
    element: h("div", { class: "list" }, list, add),
    update: () => {
      if (value().length !== drawn?.length) draw();
      else for (const view of views) view.update();
    },
    destroy: () => {
      for (const view of views) view.destroy?.();
    },
  };
}

function itemView(form: Form, field: Field, at: Place, title: string): View {
  const spec = itemFields(field);
  const value = form.read(at.path);
  const only = spec.length === 1 && spec[0]?.name === "" ? spec[0] : undefined;
  if (only) return fieldView(form, { ...only, label: title, required: false }, at);
  if (isSimple(field)) return anyValue(form, at, title);
  // An item that is no collection is mapped as a whole.
  if (!isCollection(value) && value !== null && value !== undefined && value !== "") return anyValue(form, at, title);
  if (field.dynamic) return collection(form, { ...field, type: "collection" }, at);
  if (isPair(spec)) return group({ form, fields: spec, base: at.path, place: (inner) => within(at, inner.name) });
  return collection(form, { ...field, type: "collection", dynamic: false }, at);
}
