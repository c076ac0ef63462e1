/** Things of our own that can be made while a module asks for them. */
import { h } from "../dom";
import type { Option } from "../editor";
import type { Item } from "../services";
import { words } from "../words/forms";
import { dialog } from "./dialog";
import type { Form } from "./form";

interface Made {
  id: string;
  name: string;
  sheet: string;
}

/** A built-in spreadsheet with its column titles, which can be taken from what
 *  comes in. */
export async function makeSpreadsheet(form: Form): Promise<Option | undefined> {
  const title = h("input", { required: true, autocomplete: "off", value: form.editor.boot.scenario.name });
  const columns = h("textarea", { rows: 6, placeholder: words.columnsExample });
  const known = await incoming(form);
  const labels = known.map((item) => item.label || item.name);
  const take = known.length > 0 && h("button", { type: "button", class: "small" }, words.takeColumns(known.length));
  if (take) take.addEventListener("click", () => (columns.value = labels.join("\n")));
  return dialog<Option>({
    title: words.newSpreadsheet,
    intro: words.newSpreadsheetHelp,
    yes: words.create,
    body: [h("label", {}, words.spreadsheetTitle, title), h("label", {}, words.columnTitles, columns, h("small", { class: "field-help" }, words.columnTitlesHelp)), ...(take ? [take] : [])],
    done: async () => {
      const names = columns.value.split("\n").map((name) => name.trim()).filter((name) => name !== "");
      const made = await form.editor.post<Made>("/editor/spreadsheets", { title: title.value, columns: names });
      // Its only sheet is the one that is meant.
      const part = form.module.mapper !== undefined && form.module.mapper !== null ? "mapper" : "parameters";
      const account = form.link("__IMTCONN__");
      // Columns with the name of a field that comes in take its value.
      const values = names.flatMap((name, column) => {
        const item = known[labels.indexOf(name)];
        return item ? [[["mapper", "values", String(column)], `{{${item.path}}}`] as const] : [];
      });
      const fills = form.module.module === "google-sheets:addRow" && form.read(["mapper", "values"]) === undefined && form.read(["mapper", "useColumnHeaders"]) !== true;
      form.writeLinked(words.changed(words.sheet), [[[part, "sheetId"], made.sheet], ...(fills ? values : [])], account === undefined || account === null ? { __IMTCONN__: "builtin" } : {});
      return { value: made.id, label: made.name };
    },
  });
}

export function makeDatastore(form: Form): Promise<Option | undefined> {
  const name = h("input", { required: true, autocomplete: "off", value: form.editor.boot.scenario.name });
  return dialog<Option>({
    title: words.newDatastore,
    intro: words.newDatastoreHelp,
    yes: words.create,
    body: [h("label", {}, words.datastoreName, name)],
    done: async () => {
      const made = await form.editor.post<Made>("/editor/datastores", { name: name.value });
      return { value: made.id, label: made.name };
    },
  });
}

/** The simple fields of the module that starts the scenario. */
async function incoming(form: Form): Promise<Item[]> {
  const { services } = form.editor;
  const items = await services.knowledge?.refresh().catch(() => services.knowledge?.items);
  const first = form.editor.store.entries.find((entry) => entry.parent === undefined && !entry.isOrphan);
  const known: Item[] = (first?.id !== undefined && items?.modules[String(first.id)]?.items) || [];
  return known.filter((item) => !["collection", "array", "buffer"].includes(item.type) && !item.name.startsWith("__IMT")).slice(0, 40);
}
