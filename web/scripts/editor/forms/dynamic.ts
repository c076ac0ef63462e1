/** Fields that hang on a choice: the columns of a sheet, the fields of a
 *  record, the inputs of a scenario. */
import { h, icon } from "../dom";
import type { Field } from "../editor";
import { type Json, isCollection } from "../json";
import type { Choices } from "../services";
import { words } from "../words/forms";
import { type Form, type Place, type View, within } from "./form";
import { type Group, group } from "./group";
import { pairs } from "./pairs";
import { leftOver } from "./values";

const PAUSE = 250;

/** The fields that the server knows of now, and below them what is left of
 *  fields that went: their values stay until a person takes them away. */
export function dynamicFields(form: Form, field: Field, place: Place): View {
  const status = h("p", { class: "field-note", role: "status" });
  const box = h("div", { class: "dynamic" });
  const element = h("div", { class: "nested" }, status, box);
  let shown: string | undefined;
  let inner: Group | undefined;
  let gone: View | undefined;
  let signature = "";
  let ticket = 0;
  let timer = 0;
  let fields: Field[] = [];
  /** Nobody knows the fields, so a person may name them. */
  let isFree = false;

  const draw = (next: Field[]) => {
    const state = JSON.stringify(next);
    if (state !== shown) {
      shown = state;
      fields = next;
      inner?.destroy?.();
      inner = group({ form, fields, base: place.path, place: (inside) => within(place, inside.name) });
    }
    drawGone();
    box.replaceChildren(...(inner ? [inner.element] : []), ...(gone ? [gone.element] : []));
  };
  /** Other fields of the form may stand in the same place. */
  const isOwn = (name: string) => !fields.some((known) => known.name === name) && !form.namesAt(place.path, inner?.owner ?? {}).includes(name);
  const rest = () => leftOver(form.read(place.path), fields).filter(isOwn);
  const drawGone = () => {
    gone?.destroy?.();
    const canAdd = isFree && fields.length === 0 && place.path.length > 1;
    gone = rest().length === 0 && !canAdd ? undefined : pairs(form, place, { only: isOwn, isFixed: !canAdd, title: fields.length > 0 ? words.goneFields : undefined, label: (name) => noted(form, field, name) });
  };

  const say = (parts: (Node | string)[], isWarning: boolean) => {
    status.replaceChildren(...parts);
    status.hidden = parts.length === 0;
    status.classList.toggle("is-warn", isWarning);
  };
  const load = async () => {
    signature = form.signature;
    const own = (ticket += 1);
    if (shown === undefined) say([words.loadingFields], false);
    let found: Choices;
    try {
      found = await form.choices(field.name);
    } catch (error) {
      found = { choices: [], problem: error instanceof Error ? error.message : words.failed };
    }
    if (own !== ticket) return;
    const retry = h("button", { type: "button", class: "small", onclick: () => void load() }, icon("refresh-cw"), words.again);
    // What has to be chosen first is no trouble, and comes by itself.
    const isEarly = /^choose |no data structure/i.test(found.problem ?? "");
    isFree = found.problem !== undefined && !/^choose /i.test(found.problem);
    if (found.problem) say(isEarly ? [found.problem] : [found.problem, retry], !isEarly);
    else if (found.fields && found.fields.length > 0) say([], false);
    else say([words.noFields, retry], false);
    draw(found.fields ?? (found.problem ? remembered(form, field) : []));
    element.classList.toggle("is-known", (found.fields?.length ?? 0) > 0);
  };
  const reload = () => {
    if (form.signature === signature) return;
    clearTimeout(timer);
    timer = window.setTimeout(() => void load(), PAUSE);
  };
  form.reloads.add(reload);
  void load();
  return {
    element,
    update: () => {
      inner?.update();
      const drawn = gone ? gone.element.dataset.names : "";
      if (inner && rest().join("\n") !== (drawn ?? "")) draw(fields);
      else gone?.update();
    },
    destroy: () => {
      ticket += 1;
      clearTimeout(timer);
      form.reloads.delete(reload);
      inner?.destroy?.();
      gone?.destroy?.();
    },
  };
}

/** Columns as Make's editor noted them, for when nobody can be asked. */
export function remembered(form: Form, field: Field): Field[] {
  const metadata = form.module.metadata;
  if (!isCollection(metadata)) return [];
  const expect = Array.isArray(metadata.expect) ? metadata.expect : [];
  const restore = isCollection(metadata.restore) && isCollection(metadata.restore.expect) ? metadata.restore.expect : {};
  const nested = Object.values(restore).flatMap((note) => (isCollection(note) && Array.isArray(note.nested) ? note.nested : []));
  const found = [...nested, ...expect].find((entry) => isCollection(entry) && entry.name === field.name && Array.isArray(entry.spec));
  const spec: Json[] = isCollection(found) && Array.isArray(found.spec) ? found.spec : [];
  return spec.filter(isCollection).flatMap((entry) => (typeof entry.name === "string" ? [{ name: entry.name, label: typeof entry.label === "string" && entry.label !== "" ? entry.label : entry.name, type: "text" as const }] : []));
}

function noted(form: Form, field: Field, name: string): string {
  return remembered(form, field).find((known) => known.name === name)?.label ?? name;
}
