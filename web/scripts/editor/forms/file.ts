/** Files: name and data, both taken from one file of a module before. */
import { h } from "../dom";
import type { Field } from "../editor";
import type { Item, Items } from "../services";
import { words } from "../words/forms";
import { type Form, type Place, within } from "./form";

interface Found {
  label: string;
  data: string;
  name: string | undefined;
}

const NAMES = ["fileName", "filename", "name"];

/** A select of the files that can be mapped here, above fields for a file's
 *  name and its data; nothing when these are not such fields. */
export function filePicker(form: Form, fields: readonly Field[], place: Place): { element: HTMLElement; destroy(): void } | undefined {
  const data = fields.find((field) => field.type === "buffer");
  const name = fields.find((field) => NAMES.includes(field.name));
  if (!data || !name) return undefined;
  const select = h("select", { "aria-label": words.fileFrom });
  const element = h("label", { class: "field file-from" }, h("span", { class: "field-label" }, words.fileFrom), select, h("small", { class: "field-help" }, words.fileHelp));
  let found: Found[] = [];
  const draw = () => {
    found = files(form.editor.services.knowledge?.items, form.id);
    element.hidden = found.length === 0;
    const now = form.read([...place.path, data.name]);
    select.replaceChildren(h("option", { value: "" }, words.chooseFile), ...found.map((file, index) => h("option", { value: index }, file.label)));
    const chosen = found.findIndex((file) => file.data === now);
    select.value = chosen < 0 ? "" : String(chosen);
  };
  select.addEventListener("change", () => {
    const file = found[Number(select.value)];
    if (select.value === "" || !file) return;
    const fields = [[within(place, data.name).path, file.data] as const];
    form.write(words.changed(words.file), file.name === undefined ? fields : [...fields, [within(place, name.name).path, file.name] as const]);
  });
  form.editor.signals.addEventListener("items", draw);
  draw();
  return { element, destroy: () => form.editor.signals.removeEventListener("items", draw) };
}

/** Every file that a module before this one puts out. */
function files(items: Items | undefined, id: number | undefined): Found[] {
  const before = items && id !== undefined ? (items.visible[String(id)] ?? []) : [];
  return before.flatMap((module) => search(items?.modules[String(module)]?.items ?? [], words.moduleNumber(module)));
}

function search(items: readonly Item[], where: string): Found[] {
  return items.flatMap((item) => {
    if (item.type !== "buffer") return item.type === "collection" ? search(item.spec ?? [], `${where}, ${item.label || item.name}`) : [];
    const name = items.find((other) => NAMES.includes(other.name));
    return [{ label: `${where}: ${item.label || item.name}`, data: `{{${item.path}}}`, name: name && `{{${name.path}}}` }];
  });
}
