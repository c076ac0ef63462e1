/** Yes or no. */
import { h } from "../dom";
import type { Field } from "../editor";
import { words } from "../words/forms";
import type { Form, Place } from "./form";
import type { Control, Names, Row } from "./row";
import { toggledRow } from "./toggled";
import { isEmpty, restoredChoice } from "./values";

export function switchRow(form: Form, field: Field, place: Place): Row {
  return toggledRow(form, field, place, {
    chosen: (names) => control(form, field, place, names),
    back: (text) => (text === "true" ? true : text === "false" ? false : undefined),
  });
}

function control(form: Form, field: Field, place: Place, names: Names): Control {
  const isOn = () => {
    const value = form.read(place.path);
    return isEmpty(value) ? field.default === "true" : value === true || (typeof value === "string" && value !== "false") || typeof value === "number";
  };
  const state = h("span", { class: "switch-word", "aria-hidden": "true" });
  const button = h("button", { type: "button", role: "switch", class: "switch", "aria-labelledby": names.labelId, "aria-describedby": names.describedBy }, h("i", {}));
  const update = () => {
    button.setAttribute("aria-checked", String(isOn()));
    state.textContent = isOn() ? words.yes : words.no;
  };
  const flip = () => {
    const next = !isOn();
    const note = place.restore && form.read(place.restore);
    // Make notes the words of a yes or no that is a list there, and only the
    // mode of a plain one.
    const entry = place.restore && note !== undefined ? [[place.restore, restoredChoice(note, next ? "Yes" : "No", field.mappable !== false)] as const] : [];
    form.write(words.changed(field.label || field.name), [[place.path, next], ...entry]);
  };
  button.addEventListener("click", flip);
  state.addEventListener("click", flip);
  update();
  return { element: h("div", { class: "switch-line" }, button, state), focus: () => button.focus(), update };
}
