/** Named fields inside a field; where nothing is known of them, names and
 *  values can be written freely. */
import { h } from "../dom";
import type { Field } from "../editor";
import { dynamicFields } from "./dynamic";
import { filePicker } from "./file";
import { focusFirst } from "./focus";
import { type Form, type Place, type View, within } from "./form";
import { group } from "./group";
import { pairs } from "./pairs";
import type { Control, Row } from "./row";
import { toggledRow } from "./toggled";
import { leftOver } from "./values";

export function collectionRow(form: Form, field: Field, place: Place): Row {
  return toggledRow(form, field, place, {
    chosen: (names) => {
      const inner = collection(form, field, place);
      inner.element.setAttribute("role", "group");
      inner.element.setAttribute("aria-labelledby", names.labelId);
      return controlOf(inner);
    },
    back: () => undefined,
    forth: () => undefined,
    type: "collection",
  });
}

/** A view as the control of a row. */
export function controlOf(inner: View): Control {
  return { element: inner.element, focus: () => focusFirst(inner.element), update: inner.update, destroy: () => inner.destroy?.() };
}

/** The fields of a collection, without a frame. */
export function collection(form: Form, field: Field, place: Place): View {
  if (field.dynamic) return dynamicFields(form, field, place);
  const fields = field.spec ?? [];
  if (fields.length === 0) return pairs(form, place, {});
  const files = filePicker(form, fields, place);
  const inner = group({ form, fields, base: place.path, place: (inside) => within(place, inside.name) });
  const rest = leftOver(form.read(place.path), fields);
  const more = rest.length > 0 ? pairs(form, place, { only: (name) => !fields.some((known) => known.name === name), isFixed: true }) : undefined;
  return {
    element: h("div", { class: "nested" }, files?.element, inner.element, more?.element),
    update: () => {
      inner.update();
      more?.update();
    },
    destroy: () => {
      inner.destroy?.();
      more?.destroy?.();
      files?.destroy?.();
    },
  };
}
