/** Texts, numbers, addresses, passwords: mapped or plain. */
import { h, icon } from "../dom";
import type { Field } from "../editor";
import type { Json } from "../json";
import { mappingField } from "../plain-field";
import { words } from "../words/forms";
import type { Form, Place } from "./form";
import { type Control, type Names, type Row, row } from "./row";
import { asText, fromText } from "./values";

/** What a cleared field leaves: an empty text where one was imported, else
 *  nothing. Items of lists stay as empty texts. */
function cleared(first: Json | undefined, place: Place): Json | undefined {
  return first === "" || typeof place.path.at(-1) === "number" ? "" : undefined;
}

/** The control for a mapped text at a place. */
export function mapped(form: Form, field: Field, place: Place, names: Names, asked: { multiline?: boolean; type?: Field["type"] } = {}): Control {
  const first = form.read(place.path);
  let shown = asText(first);
  const handle = mappingField(form.editor, {
    label: field.label || field.name,
    value: shown,
    module: form.key,
    name: place.path.join("."),
    type: asked.type ?? field.type,
    multiline: asked.multiline ?? field.multiline ?? false,
    placeholder: field.default !== undefined && field.default !== "" ? words.usually(field.default) : undefined,
    describedBy: names.describedBy,
    onInput: (text) => {
      shown = text;
      const value = text === "" ? cleared(first, place) : fromText(text, first);
      form.write(words.changed(field.label || field.name), [[place.path, value]], place.path.join("."));
    },
  });
  return {
    element: handle.element,
    focus: () => handle.focus(),
    setInvalid: (message) => handle.setInvalid(message),
    update: () => {
      const now = asText(form.read(place.path));
      if (now === shown) return;
      shown = now;
      handle.value = now;
    },
    destroy: () => handle.destroy(),
  };
}

/** A plain input, for what cannot be given by an expression. */
function plain(form: Form, field: Field, place: Place, names: Names): Control {
  const isNumber = ["number", "integer", "uinteger"].includes(field.type);
  const isSecret = field.type === "password";
  const attributes = {
    id: names.inputId,
    "aria-describedby": names.describedBy,
    placeholder: field.default !== undefined && field.default !== "" ? words.usually(field.default) : undefined,
    autocomplete: isSecret ? "new-password" : "off",
    spellcheck: field.type === "text" ? undefined : "false",
    inputmode: isNumber ? "decimal" : undefined,
    type: isSecret ? "password" : "text",
  };
  const { type: _type, ...forArea } = attributes;
  const input = field.multiline ? h("textarea", { ...forArea, rows: 4 }) : h("input", attributes);
  const first = form.read(place.path);
  input.value = asText(first);
  input.addEventListener("input", () => {
    const text = input.value;
    // Settings are not worked out in a run, so a number is kept as one.
    const isPlainNumber = isNumber && typeof first !== "string" && text.trim() !== "" && Number.isFinite(Number(text));
    const value = text === "" ? cleared(first, place) : isPlainNumber ? Number(text) : fromText(text, first);
    form.write(words.changed(field.label || field.name), [[place.path, value]], place.path.join("."));
  });
  return {
    element: isSecret ? secret(input as HTMLInputElement) : input,
    focus: () => input.focus(),
    setInvalid: (message) => (message ? input.setAttribute("aria-invalid", "true") : input.removeAttribute("aria-invalid")),
    update: () => {
      const now = asText(form.read(place.path));
      if (now !== input.value && fromText(input.value, first) !== form.read(place.path)) input.value = now;
    },
  };
}

/** A password that can be looked at. */
function secret(input: HTMLInputElement): HTMLElement {
  const button = h("button", { type: "button", class: "ghost look", "aria-label": words.showSecret, "aria-pressed": "false" }, icon("eye"));
  button.addEventListener("click", () => {
    const isShown = input.type === "text";
    input.type = isShown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!isShown));
  });
  return h("div", { class: "with-button" }, input, button);
}

export function textRow(form: Form, field: Field, place: Place): Row {
  const isMappable = field.mappable !== false && place.path[0] !== "parameters";
  return row({ form, field, place, control: (names) => (isMappable ? mapped(form, field, place, names) : plain(form, field, place, names)) });
}
