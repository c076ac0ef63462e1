/** "Put together again after which module?": where the loop begins that an
 *  aggregator ends. */
import { h, icon } from "../dom";
import type { Catalogue, Field } from "../editor";
import { kindsOf, labelOf } from "../blueprint";
import { isCollection } from "../json";
import type { Entry } from "../tree";
import { words } from "../words/forms";
import type { Form, Place } from "./form";
import { type Control, type Names, type Row, row } from "./row";
import { asText } from "./values";

const WITHOUT_BUNDLES = new Set(["router", "if-else", "directive"]);

export function sourceRow(form: Form, field: Field, place: Place): Row {
  return row({ form, field, place, control: (names) => control(form, field, place, names) });
}

/** The modules before one, nearest first, as far as an error route begins. */
export function before(form: Form): Entry[] {
  const { entries } = form.editor.store;
  const found: Entry[] = [];
  let here = form.entry;
  while (here && here.parent !== undefined && here.kind !== "error") {
    here = entries[here.parent];
    if (here) found.push(here);
  }
  return found;
}

function control(form: Form, field: Field, place: Place, names: Names): Control {
  const select = h("select", { id: names.inputId, "aria-describedby": names.describedBy });
  const note = h("p", { class: "field-note" });
  let catalogue: Catalogue | undefined;
  let drawn = "";
  const update = () => {
    const kinds = kindsOf(catalogue);
    const modules = before(form).filter((entry) => entry.id !== undefined && !WITHOUT_BUNDLES.has(kinds(entry.module) ?? "") && !/:Basic(Router|IfElse)$/.test(entry.module.module));
    const many = (entry: Entry) => ["iterator", "search", "polling-trigger"].includes(kinds(entry.module) ?? "");
    const now = asText(form.read(place.path));
    const state = JSON.stringify([modules.map((entry) => [entry.id, labelOf(entry.module, catalogue), many(entry)]), now]);
    if (state !== drawn) {
      drawn = state;
      const option = (entry: Entry) => h("option", { value: entry.id }, words.sourceOption(labelOf(entry.module, catalogue), entry.id ?? 0));
      const likely = modules.filter(many);
      const others = modules.filter((entry) => !many(entry));
      const isKnown = now === "" || modules.some((entry) => String(entry.id) === now);
      select.replaceChildren(
        h("option", { value: "" }, words.choose),
        ...(likely.length > 0 ? [h("optgroup", { label: words.givesMany }, ...likely.map(option))] : []),
        ...(others.length > 0 ? [h("optgroup", { label: words.givesOne }, ...others.map(option))] : []),
        ...(isKnown ? [] : [h("option", { value: now }, words.notBefore(now))]),
      );
      select.value = now;
    }
    say(now);
  };
  const say = (now: string) => {
    const items = form.editor.services.knowledge?.items;
    const many = items?.modules[now]?.bundles;
    const one = form.id === undefined ? undefined : items?.modules[String(form.id)]?.bundles;
    note.hidden = !many || one === undefined || one === 0;
    if (!note.hidden) note.replaceChildren(icon("repeat"), words.loopCount(many ?? 0, one ?? 0));
  };
  select.addEventListener("change", () => {
    const id = Number(select.value);
    const entry = form.editor.store.entry(select.value);
    const old = form.read(["metadata", "restore", "extra", "feeder"]);
    const extra = isCollection(old) ? old : {};
    const label = entry && words.sourceOption(labelOf(entry.module, catalogue), id);
    form.write(words.changed(field.label), [
      [place.path, select.value === "" ? null : id],
      ...(label ? ([[["metadata", "restore", "extra", "feeder"], { ...extra, label }]] as const) : []),
    ]);
  });
  form.editor.catalogue().then((found) => {
    catalogue = found;
    update();
  }, () => undefined);
  form.editor.signals.addEventListener("items", update);
  update();
  return {
    element: h("div", { class: "live" }, select, note),
    focus: () => select.focus(),
    update,
    setInvalid: (message) => (message ? select.setAttribute("aria-invalid", "true") : select.removeAttribute("aria-invalid")),
    destroy: () => form.editor.signals.removeEventListener("items", update),
  };
}
