/** A field that takes anything: a mapped text, or what was imported as it is. */
import type { Field } from "../editor";
import { isCollection } from "../json";
import { controlOf } from "./collection";
import type { Form, Place } from "./form";
import { anyValue } from "./raw";
import { type Row, row } from "./row";
import { mapped } from "./text";

export function anyRow(form: Form, field: Field, place: Place): Row {
  const value = form.read(place.path);
  const isOpen = Array.isArray(value) || isCollection(value);
  return row({ form, field, place, control: (names) => (isOpen ? controlOf(anyValue(form, place, field.label || field.name)) : mapped(form, field, place, names)) });
}
