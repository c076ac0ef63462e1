/** A filter as a field: which rows or records are wanted. The left side is a
 *  column, the right side is mapped. */
import { h, icon } from "../dom";
import type { Field, Option } from "../editor";
import type { Collection } from "../json";
import { isUnary } from "../filter/model";
import type { Comparison } from "../services";
import { operatorGroups } from "../filter/operators";
import { mappingField } from "../plain-field";
import { words } from "../words/forms";
import { groupsOf } from "../filter/model";
import { focusFirst } from "./focus";
import type { Form, Place } from "./form";
import { type Control, type Names, type Row, row } from "./row";
import { asText, without } from "./values";

type Condition = Collection;

export function filterRow(form: Form, field: Field, place: Place): Row {
  return row({ form, field, place, control: (names) => control(form, field, place, names) });
}

function control(form: Form, field: Field, place: Place, names: Names): Control {
  let columns: Option[] = [];
  let comparisons: readonly Comparison[] = [];
  let drawn = "";
  let fields: { destroy(): void }[] = [];
  const box = h("div", { class: "conditions", role: "group", "aria-labelledby": names.labelId, "aria-describedby": names.describedBy });
  const groups = () => groupsOf(form.read(place.path));
  const label = words.changed(field.label || field.name);
  const write = (next: Condition[][], merge?: string) => {
    const kept = next.filter((group) => group.length > 0);
    form.write(label, [[place.path, kept.length === 0 ? undefined : kept]], merge);
  };
  const set = (group: number, index: number, change: Collection, merge?: string) => {
    write(
      groups().map((conditions, at) => (at === group ? conditions.map((condition, place) => (place === index ? { ...condition, ...change } : condition)) : conditions)),
      merge && `${place.path.join(".")}.${group}.${index}.${merge}`,
    );
    drawn = JSON.stringify([shape(), columns]);
  };
  /** Texts are shown as they are written; only the rest needs another drawing. */
  const shape = () => groups().map((group) => group.map((condition) => condition.o ?? ""));

  const left = (condition: Condition, group: number, index: number): HTMLElement => {
    const now = asText(condition.a);
    if (columns.length === 0) {
      const input = h("input", { value: now, "aria-label": words.column, placeholder: words.column, autocomplete: "off" });
      input.addEventListener("input", () => set(group, index, { a: input.value }, "a"));
      return input;
    }
    const isKnown = now === "" || columns.some((column) => column.value === now);
    const select = h("select", { "aria-label": words.column }, h("option", { value: "" }, words.chooseColumn), ...columns.map((column) => h("option", { value: column.value }, column.label)), isKnown ? undefined : h("option", { value: now }, words.notFoundAnyMore(now)));
    select.value = now;
    select.addEventListener("change", () => set(group, index, { a: select.value }));
    return select;
  };
  const operator = (condition: Condition, group: number, index: number): HTMLElement => {
    const now = asText(condition.o) || "text:equal";
    const select = h("select", { "aria-label": words.operator }, ...operatorGroups(comparisons));
    if (!comparisons.some(({ name }) => name === now)) select.append(h("option", { value: now }, comparisons.length === 0 ? "…" : now));
    select.value = now;
    select.addEventListener("change", () => {
      set(group, index, { o: select.value });
      draw();
    });
    return select;
  };
  const right = (condition: Condition, group: number, index: number): HTMLElement | undefined => {
    if (isUnary(asText(condition.o), comparisons)) return undefined;
    const handle = mappingField(form.editor, {
      label: words.compareWith,
      value: asText(condition.b),
      module: form.key,
      name: [...place.path, group, index, "b"].join("."),
      type: "any",
      placeholder: words.compareWith,
      onInput: (text) => set(group, index, { b: text }, "b"),
    });
    fields.push(handle);
    return handle.element;
  };
  const line = (condition: Condition, group: number, index: number): HTMLElement => {
    const remove = h("button", { type: "button", class: "ghost remove", "aria-label": words.removeCondition, title: words.removeCondition }, icon("trash-2"));
    remove.addEventListener("click", () => {
      write(groups().map((conditions, at) => (at === group ? without(conditions, index) : conditions)));
      draw();
      focus();
    });
    const joined = index > 0 && h("span", { class: "joined" }, words.and);
    return h("div", { class: "form-condition" }, joined, h("div", { class: "condition-head" }, left(condition, group, index), operator(condition, group, index), remove), right(condition, group, index));
  };
  const fresh = (): Condition => ({ a: columns[0]?.value ?? "", o: "text:equal", b: "" });
  const add = (text: string, make: () => Condition[][]) =>
    h("button", { type: "button", class: "small", onclick: () => (write(make()), draw(), focusFirst([...box.querySelectorAll(".form-condition")].at(-1))) }, icon("plus"), text);

  const draw = () => {
    for (const made of fields) made.destroy();
    fields = [];
    drawn = JSON.stringify([shape(), columns]);
    const now = groups();
    const parts = now.flatMap((group, at) => [
      at > 0 && h("span", { class: "joined is-or" }, words.or),
      h("div", { class: "condition-group" }, ...group.map((condition, index) => line(condition, at, index)), add(words.addAnd, () => groups().map((other, index) => (index === at ? [...other, fresh()] : other)))),
    ]);
    box.replaceChildren(...(parts.filter((part) => part !== false) as Node[]), add(now.length === 0 ? words.addCondition : words.addOr, () => [...groups(), [fresh()]]));
  };
  const focus = () => focusFirst(box);
  let signature = "";
  const load = async () => {
    if (!field.live || signature === form.signature) return;
    signature = form.signature;
    try {
      columns = (await form.choices(field.name)).choices;
    } catch {
      // Columns can be written as well as chosen.
      columns = [];
    }
    if (drawn !== JSON.stringify([shape(), columns])) draw();
  };
  const reload = () => void load();
  form.reloads.add(reload);
  form.editor.services.knowledge?.language().then(
    (language) => {
      comparisons = language.comparisons;
      if (box.isConnected) draw();
    },
    // What is stored is shown all the same.
    () => undefined,
  );
  draw();
  void load();
  return {
    element: box,
    focus,
    update: () => {
      if (drawn !== JSON.stringify([shape(), columns])) draw();
    },
    destroy: () => {
      form.reloads.delete(reload);
      for (const made of fields) made.destroy();
    },
  };
}
