/** Dates and times: mapped, or taken from the browser's own picker. */
import { h, icon } from "../dom";
import type { Field } from "../editor";
import { words } from "../words/forms";
import type { Form, Place } from "./form";
import { type Control, type Names, type Row, row } from "./row";
import { mapped } from "./text";
import { asText, isMapped } from "./values";

export function dateRow(form: Form, field: Field, place: Place): Row {
  return row({ form, field, place, control: (names) => control(form, field, place, names) });
}

function control(form: Form, field: Field, place: Place, names: Names): Control {
  const isTime = field.type === "time";
  const text = mapped(form, field, place, names);
  const picker = h("input", { type: isTime ? "time" : "datetime-local", class: "picker", "aria-label": isTime ? words.pickTime(field.label) : words.pickDate(field.label), step: 60 });
  const button = h("button", { type: "button", class: "pick", "aria-label": isTime ? words.pickTime(field.label) : words.pickDate(field.label), title: isTime ? words.pickTime(field.label) : words.pickDate(field.label), "aria-expanded": "false" }, icon(isTime ? "clock" : "calendar"));
  const note = h("p", { class: "field-note" }, words.inZone(form.editor.boot.scenario.timezone));
  const tray = h("div", { class: "picker-tray" }, picker, isTime ? undefined : note);
  tray.hidden = true;
  button.addEventListener("click", () => {
    tray.hidden = !tray.hidden;
    button.setAttribute("aria-expanded", String(!tray.hidden));
    if (tray.hidden) return;
    const now = asText(form.read(place.path));
    picker.value = isMapped(now) ? "" : forPicker(now, isTime);
    picker.focus();
    try {
      picker.showPicker();
    } catch {
      // Without one the field is written in directly.
    }
  });
  picker.addEventListener("change", () => {
    if (picker.value === "") return;
    form.write(words.changed(field.label || field.name), [[place.path, picker.value.replace("T", " ")]]);
    text.update();
  });
  return {
    element: h("div", { class: "dated" }, h("div", { class: "with-button" }, text.element, button), tray),
    focus: text.focus,
    update: text.update,
    ...(text.setInvalid ? { setInvalid: text.setInvalid } : {}),
    destroy: () => text.destroy?.(),
  };
}

/** A text as the picker wants it; empty when it is something else. */
function forPicker(text: string, isTime: boolean): string {
  if (isTime) return /^\d{1,2}:\d{2}/.test(text) ? text.padStart(5, "0").slice(0, 5) : "";
  const found = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}))?/.exec(text);
  return found ? `${found[1]}T${found[2] ?? "00:00"}` : "";
}
