/** The filters of a merge: one for each branch that ends in it. A bundle that its
 *  branch's filter holds back goes no further. */
import { stored, groupsOf, says, type Groups } from "../filter/model";
import { Rules } from "../filter/rules";
import { h } from "../dom";
import { type Json, at, isCollection } from "../json";
import { list } from "../tree";
import { words } from "../words/forms";
import type { Form, View } from "./form";

/** `names` are those of the branches, in their order. */
export function mergeFilters(form: Form, names: readonly string[]): View {
  const parts = names.map((name, column) => filterOf(form, name, column, names.length));
  const element = h("section", { class: "fields" }, h("h3", {}, words.mergeFilters), h("p", { class: "field-help" }, words.mergeFiltersHelp), ...parts.map((part) => part.element));
  void form.editor.services.knowledge?.language().then(({ comparisons }) => parts.forEach((part) => part.rules.know(comparisons)), () => undefined);
  return { element, update: () => parts.forEach((part) => part.update()), destroy: () => parts.forEach((part) => part.rules.destroy()) };
}

function filterOf(form: Form, name: string, column: number, count: number) {
  const conditions = () => at(form.module, ["filters", column, "conditions"]);
  let groups: Groups = groupsOf(conditions());
  const rules = new Rules({
    editor: form.editor,
    module: form.key,
    write: (next, mark) => {
      groups = next;
      const filters = withFilter(list(form.module.filters), column, count, stored(next));
      form.write(words.changed(words.mergeFilterOf(name)), [[["filters"], filters]], mark && `filters.${column}.${mark}`);
    },
  });
  rules.show(groups);
  const element = h("details", { class: "advanced", open: groups.length > 0 }, h("summary", {}, words.mergeFilterOf(name)), rules.element);
  const update = () => {
    // Rows that nobody has filled in are not in the document.
    if (says(groups, conditions())) return;
    groups = groupsOf(conditions());
    rules.show(groups);
  };
  return { element, rules, update };
}

/** The filters of all branches with other conditions for one of them; what else
 *  is in a filter is kept, and one without conditions is none. */
export function withFilter(filters: readonly Json[], column: number, count: number, conditions: Groups): Json[] {
  const all = Array.from({ length: Math.max(count, filters.length) }, (_, index) => filters[index] ?? null);
  const old = all[column];
  const rest = isCollection(old) ? old : { name: "" };
  all[column] = conditions.length === 0 ? null : { ...rest, conditions: conditions as Json[] };
  return all;
}
