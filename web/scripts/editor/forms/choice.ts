/** One of a fixed list: radio buttons for two or three, else a select box. */
import { h, uniqueId } from "../dom";
import type { Field, Option } from "../editor";
import { words } from "../words/forms";
import type { Form, Place } from "./form";
import type { Control, Names, Row } from "./row";
import { toggledRow } from "./toggled";
import { asText, choiceValue, isEmpty, restoredChoice } from "./values";

export function choiceRow(form: Form, field: Field, place: Place): Row {
  const options = field.options ?? [];
  const areFew = options.length > 1 && options.length <= 3 && options.every((option) => option.label.length <= 24);
  return toggledRow(form, field, place, {
    chosen: (names) => (areFew && (field.required || field.default !== undefined) ? radios(form, field, place, names) : select(form, field, place, names)),
    back: (text) => (options.some((option) => option.value === text) ? text : undefined),
  });
}

/** What is chosen: the default while nothing is. */
function chosen(form: Form, field: Field, place: Place): string {
  const value = form.read(place.path);
  return isEmpty(value) && !field.options?.some((option) => option.value === "") ? (field.default ?? "") : asText(value);
}

function choose(form: Form, field: Field, place: Place, option: Option | undefined): void {
  const label = words.changed(field.label || field.name);
  const note = place.restore && (form.read(place.restore) !== undefined || place.path[0] === "mapper") ? place.restore : undefined;
  if (!option) return form.write(label, [[place.path, undefined], ...(note ? ([[note, undefined]] as const) : [])]);
  const value = choiceValue(option.value, form.read(place.path));
  form.write(label, [[place.path, value], ...(note ? ([[note, restoredChoice(form.read(note), option.label, field.mappable !== false)]] as const) : [])]);
}

/** The options, and what stands there although no option has it. */
function offered(form: Form, field: Field, place: Place): Option[] {
  const options = field.options ?? [];
  const now = chosen(form, field, place);
  const isKnown = now === "" || options.some((option) => option.value === now);
  return isKnown ? options : [...options, { value: now, label: words.notFoundAnyMore(now) }];
}

function select(form: Form, field: Field, place: Place, names: Names): Control {
  const box = h("select", { id: names.inputId, "aria-describedby": names.describedBy });
  let drawn = "";
  const update = () => {
    const options = offered(form, field, place);
    const now = chosen(form, field, place);
    const hasNone = options.some((option) => option.value === "");
    const state = JSON.stringify([options, now]);
    if (state === drawn) return;
    drawn = state;
    const empty = !hasNone && (now === "" || !field.required) ? [h("option", { value: "" }, words.choose)] : [];
    box.replaceChildren(...empty, ...options.map((option) => h("option", { value: option.value }, option.note ? `${option.label} (${option.note})` : option.label)));
    box.value = now;
  };
  box.addEventListener("change", () => choose(form, field, place, offered(form, field, place).find((option) => option.value === box.value)));
  update();
  return {
    element: box,
    focus: () => box.focus(),
    update,
    setInvalid: (message) => (message ? box.setAttribute("aria-invalid", "true") : box.removeAttribute("aria-invalid")),
  };
}

function radios(form: Form, field: Field, place: Place, names: Names): Control {
  const name = uniqueId("radio");
  const group = h("div", { class: "radios", role: "radiogroup", "aria-labelledby": names.labelId, "aria-describedby": names.describedBy });
  let drawn = "";
  const update = () => {
    const options = offered(form, field, place);
    const now = chosen(form, field, place);
    const state = JSON.stringify(options);
    if (state !== drawn) {
      drawn = state;
      group.replaceChildren(
        ...options.map((option) => {
          const input = h("input", { type: "radio", name, value: option.value });
          input.addEventListener("change", () => choose(form, field, place, option));
          return h("label", { class: "check" }, input, option.label);
        }),
      );
    }
    for (const input of group.querySelectorAll("input")) input.checked = input.value === now;
  };
  update();
  return { element: group, focus: () => (group.querySelector<HTMLElement>("input:checked") ?? group.querySelector<HTMLElement>("input"))?.focus(), update };
}
