/** The frame of a field: label, required mark, the switch to a mapped text,
 *  help, and what is wrong. */
import { h, icon, uniqueId } from "../dom";
import type { Field } from "../editor";
import { words } from "../words/forms";
import { problemOf } from "./check";
import type { Form, Place, View } from "./form";
import type { Mode } from "./values";

export interface Control {
  /** What is shown under the label. */
  element: HTMLElement;
  /** What the label belongs to; a group when there are several. */
  focus(): void;
  setInvalid?(message: string | undefined): void;
  update(): void;
  destroy?(): void;
}

export interface Names {
  labelId: string;
  /** The id of the one input that the label belongs to, where there is one. */
  inputId: string;
  /** Of help and problem, for `aria-describedby`. */
  describedBy: string;
}

export interface RowOptions {
  form: Form;
  field: Field;
  place: Place;
  /** The switch between controls and a mapped text. */
  map?: { mode(): Mode; toggle(mode: Mode): void };
  /** The label is shown by the control itself. */
  isBare?: boolean;
  control(names: Names): Control;
}

export interface Row extends View {
  focus(): void;
}

/** A field with everything around it. */
export function row(options: RowOptions): Row {
  const { form, field, place } = options;
  const labelId = uniqueId("label");
  const inputId = uniqueId("input");
  const helpId = uniqueId("help");
  const problemId = uniqueId("problem");
  const label = h("label", { id: labelId, for: inputId, class: "field-label" }, field.label || field.name);
  const required = field.required && h("span", { class: "required" }, h("span", { "aria-hidden": "true" }, "*"), h("span", { class: "hidden" }, words.requiredMark));
  const toggle = options.map && mapSwitch(field, options.map);
  const head = h("div", { class: "field-head" }, label, required, toggle?.element);
  const help = h("p", { class: "field-help", id: helpId }, field.help ?? "");
  help.hidden = !field.help;
  const problem = h("p", { class: "field-problem", id: problemId });
  problem.hidden = true;
  const control = options.control({ labelId, inputId, describedBy: `${helpId} ${problemId}` });
  const element = h("div", { class: "field", "data-field": place.path.join("."), "data-type": field.type }, options.isBare ? undefined : head, control.element, problem, help);
  label.addEventListener("click", () => control.focus());

  // A form that is new is not red all over: what is missing is said once a
  // person has been at the field.
  let wasVisited = false;
  const check = () => {
    const value = form.read(place.path);
    const found = problemOf(field, value);
    const isMissing = found === words.required;
    const message = isMissing && !wasVisited ? undefined : found;
    problem.replaceChildren(...(message ? [icon("circle-alert"), message] : []));
    problem.hidden = !message;
    element.classList.toggle("is-invalid", message !== undefined);
    control.setInvalid?.(message);
  };
  element.addEventListener("focusout", (event) => {
    if (event.relatedTarget instanceof Node && element.contains(event.relatedTarget)) return;
    // What is missing may be about to be made.
    if (document.querySelector("dialog[open]")) return;
    wasVisited = true;
    check();
  });
  check();
  return {
    element,
    focus: () => control.focus(),
    update: () => {
      toggle?.update();
      control.update();
      check();
    },
    destroy: () => control.destroy?.(),
  };
}

function mapSwitch(field: Field, map: NonNullable<RowOptions["map"]>): { element: HTMLElement; update(): void } {
  const element = h("button", { type: "button", role: "switch", class: "map-switch", "aria-label": words.mapOf(field.label || field.name), title: words.mapHelp }, h("i", {}), words.map);
  const update = () => element.setAttribute("aria-checked", String(map.mode() === "edit"));
  element.addEventListener("click", () => {
    map.toggle(map.mode() === "edit" ? "chose" : "edit");
    update();
  });
  update();
  return { element, update };
}
