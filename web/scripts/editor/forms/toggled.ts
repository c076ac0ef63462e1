/** A field that is either controls or one mapped text: Make's Map switch. */
import { h } from "../dom";
import type { Field } from "../editor";
import type { Json } from "../json";
import type { Form, Place } from "./form";
import { type Control, type Names, type Row, row } from "./row";
import { mapped } from "./text";
import { type Mode, asText, isMapped } from "./values";

export interface Toggled {
  /** The controls. */
  chosen(names: Names): Control;
  /** What the controls can show of a mapped text, when switched back. */
  back(text: string): Json | undefined;
  /** What a mapped text begins with; the value as text by default. */
  forth?(value: Json | undefined): Json | undefined;
  /** The type that a mapped text is converted to. */
  type?: Field["type"];
}

export function toggledRow(form: Form, field: Field, place: Place, options: Toggled): Row {
  const canMap = field.mappable !== false && place.path[0] !== "parameters";
  const mode = () => form.mode(field, place);
  // What was there before the switch, for whoever switches back at once.
  const kept = new Map<Mode, Json | undefined>();
  const toggle = (next: Mode) => {
    const now = form.read(place.path);
    kept.set(next === "edit" ? "chose" : "edit", now);
    const fallback = next === "edit" ? (options.forth ? options.forth(now) : isMapped(now) || now === undefined ? now : asText(now)) : options.back(asText(now));
    form.setMode(field, place, next, kept.has(next) ? kept.get(next) : fallback);
    rebuilt.focus();
  };
  const rebuilt = switching(mode, (now, names) => (now === "edit" ? mapped(form, field, place, names, { type: options.type ?? field.type }) : options.chosen(names)));
  return row({ form, field, place, map: canMap || mode() === "edit" ? { mode, toggle } : undefined, control: rebuilt.control });
}

/** A control that is made anew when the mode changes. */
function switching(mode: () => Mode, make: (mode: Mode, names: Names) => Control): { control: (names: Names) => Control; focus(): void } {
  const box = h("div", { class: "field-body" });
  let shown: Mode | undefined;
  let inner: Control | undefined;
  let invalid: string | undefined;
  let names: Names = { labelId: "", inputId: "", describedBy: "" };
  const show = () => {
    const now = mode();
    if (now === shown) return inner?.update();
    inner?.destroy?.();
    shown = now;
    inner = make(now, names);
    inner.setInvalid?.(invalid);
    box.replaceChildren(inner.element);
  };
  const focus = () => inner?.focus();
  return {
    focus: () => {
      show();
      focus();
    },
    control: (given) => {
      names = given;
      show();
      return {
        element: box,
        focus,
        update: show,
        destroy: () => inner?.destroy?.(),
        setInvalid: (message) => {
          invalid = message;
          inner?.setInvalid?.(message);
        },
      };
    },
  };
}
