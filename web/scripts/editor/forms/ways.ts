/** Routers, if-else and merge: what leads out of them and comes together. */
import { mergeFilters } from "./merge-filters";
import { h, icon, uniqueId } from "../dom";
import { type Way, addRoute, apply, isIfElse, labelOf, setFallback, titleOf, waysOf } from "../blueprint";
import type { Catalogue } from "../editor";
import { type Json, at } from "../json";
import { list } from "../tree";
import { words } from "../words/forms";
import type { Form, View } from "./form";
import { mapped } from "./text";
import { asText, without } from "./values";

/** The routes of a router and which of them is the fallback. */
export function router(form: Form, catalogue: Catalogue): View {
  const id = uniqueId("fallback");
  const select = h("select", { id });
  const routes = h("ol", { class: "ways-list" });
  let drawn = "";
  const update = () => {
    const ways = waysOf(form.module);
    const state = JSON.stringify(ways.map((way) => [titleOf(way, catalogue), way.isFallback, way.isConditional, way.isOff]));
    if (state === drawn) return;
    drawn = state;
    const name = (way: Way) => words.route(way.index + 1, titleOf(way, catalogue));
    select.replaceChildren(h("option", { value: "" }, words.noFallback), ...ways.map((way) => h("option", { value: way.index }, name(way))));
    select.value = String(ways.find((way) => way.isFallback)?.index ?? "");
    routes.replaceChildren(
      ...ways.map((way) => {
        const key = firstKey(form, ["routes", way.index, "flow"]);
        const say = way.isOff ? words.wayOff : way.isFallback ? words.wayFallback : way.isConditional ? words.wayFiltered : words.wayAlways;
        return h("li", {}, h("span", { class: "grow" }, h("strong", {}, name(way)), h("small", { class: "field-help" }, say)), key && h("button", { type: "button", class: "small", onclick: () => form.editor.open({ kind: "filter", key }) }, icon("funnel"), way.isConditional ? words.editFilter : words.setFilter));
      }),
    );
  };
  select.addEventListener("change", () => apply(form.editor, setFallback(form.editor.store.doc, form.key, select.value === "" ? undefined : Number(select.value))));
  const add = h("button", { type: "button", class: "small add", onclick: () => apply(form.editor, addRoute(form.editor.store.doc, form.key)) }, icon("plus"), words.addRoute);
  update();
  return { element: h("div", { class: "fields" }, h("p", { class: "field-help" }, words.routerHelp), routes, add, h("div", { class: "field" }, h("label", { class: "field-label", for: id }, words.fallback), select, h("p", { class: "field-help" }, words.fallbackHelp))), update };
}

function firstKey(form: Form, flow: (string | number)[]): string | undefined {
  const { entry } = form;
  const path = entry && [...entry.path, ...flow, 0].join("/");
  return form.editor.store.entries.find((other) => other.path.join("/") === path)?.key;
}

/** The branches of an if-else: labels and conditions. */
export function ifElse(form: Form, catalogue: Catalogue): View {
  const branches = h("ol", { class: "ways-list is-branches" });
  let drawn = "";
  const rename = (index: number, label: string) => form.write(words.changed(words.branchLabel), [[["branches", index, "label"], label]], `branch-${index}`);
  const update = () => {
    const ways = waysOf(form.module);
    const first = (way: Way) => (way.modules[0] ? labelOf(way.modules[0], catalogue) : "");
    const state = JSON.stringify(ways.map((way) => [way.isFallback, way.isConditional, way.isOff, first(way), firstKey(form, ["branches", way.index, "flow"])]));
    if (state === drawn) {
      branches.querySelectorAll("input").forEach((input, index) => {
        const label = ways[index]?.label ?? "";
        if (document.activeElement !== input) input.value = label;
      });
      return;
    }
    drawn = state;
    branches.replaceChildren(
      ...ways.map((way) => {
        const key = firstKey(form, ["branches", way.index, "flow"]);
        const title = way.isFallback ? words.otherwise : words.branch(way.index + 1);
        const input = h("input", { value: way.label, "aria-label": words.labelOf(title), placeholder: way.isFallback ? words.otherwise : words.branchLabel, autocomplete: "off" });
        input.addEventListener("input", () => rename(way.index, input.value));
        const say = way.isFallback ? words.branchElse : way.isConditional ? words.branchIf : words.branchNever;
        const open = !way.isFallback && key && h("button", { type: "button", class: "small", onclick: () => form.editor.open({ kind: "filter", key }) }, icon("funnel"), way.isConditional ? words.editCondition : words.setCondition);
        const leads = first(way) && h("small", { class: "field-help" }, words.leadsTo(first(way)));
        return h("li", {}, h("div", { class: "grow" }, h("span", { class: "field-label" }, title, " ", leads), input, h("small", { class: way.isFallback || way.isConditional ? "field-help" : "field-problem" }, say)), open);
      }),
    );
  };
  const add = h("button", { type: "button", class: "small add", onclick: () => apply(form.editor, addRoute(form.editor.store.doc, form.key)) }, icon("plus"), words.addBranch);
  update();
  return { element: h("div", { class: "fields" }, h("p", { class: "field-help" }, words.ifElseHelp), branches, add), update };
}

/** The outputs of a merge: one value for every branch that leads into it. */
export function merge(form: Form, catalogue: Catalogue): View {
  const box = h("div", { class: "items" });
  const add = h("button", { type: "button", class: "small add" }, icon("plus"), words.addOutput);
  const below = h("div", {});
  let filters: View | undefined;
  let views: { update(): void; destroy?(): void }[] = [];
  let drawn = "";
  const branches = (): { label: string }[] => {
    const { entries } = form.editor.store;
    const before = form.entry?.parent === undefined ? undefined : entries[form.entry.parent];
    if (!before || !isIfElse(before.module)) return [];
    return waysOf(before.module)
      .filter((way) => at(before.module, ["branches", way.index, "merge"]) === true)
      .map((way) => ({ label: titleOf(way, catalogue) || (way.isFallback ? words.otherwise : words.branch(way.index + 1)) }));
  };
  const outputs = (): Json[] => list(form.module.outputs);
  const write = (next: Json[], label: string, mark?: string) => form.write(label, [[["outputs"], next]], mark);
  const draw = () => {
    for (const view of views) view.destroy?.();
    views = [];
    const ways = branches();
    drawn = JSON.stringify([ways, outputs().length]);
    box.replaceChildren(
      ...outputs().map((output, index) => {
        const name = h("input", { value: asText(at(output, ["name"])), "aria-label": words.outputName, autocomplete: "off", spellcheck: "false" });
        name.addEventListener("input", () => form.write(words.changed(words.outputName), [[["outputs", index, "name"], name.value]], `output-${index}`));
        const remove = h("button", { type: "button", class: "ghost remove", "aria-label": words.remove(name.value), title: words.remove(name.value), onclick: () => (write(without(outputs(), index), words.removed(name.value)), draw(), add.focus()) }, icon("trash-2"));
        const fields = ways.map((way, column) => {
          const control = mapped(form, { name: `${index}.${column}`, label: way.label, type: "any" }, { path: ["outputs", index, "mappings", column], restore: undefined }, { labelId: "", inputId: "", describedBy: "" });
          views.push(control);
          return h("div", { class: "field" }, h("span", { class: "field-label" }, words.fromBranch(way.label)), control.element);
        });
        return h("div", { class: "item" }, h("div", { class: "item-head" }, name, remove), ...fields);
      }),
    );
    filters?.destroy?.();
    filters = ways.length > 0 ? mergeFilters(form, ways.map((way) => way.label)) : undefined;
    below.replaceChildren(...(filters ? [filters.element] : []));
    if (ways.length === 0) box.prepend(h("p", { class: "field-note is-warn" }, words.mergeNothing));
  };
  add.addEventListener("click", () => {
    const count = outputs().length + 1;
    write([...outputs(), { name: words.outputNumber(count), mappings: branches().map(() => "") }], words.added(words.outputName));
    draw();
    box.lastElementChild?.querySelector("input")?.select();
  });
  draw();
  return {
    element: h("div", { class: "fields" }, h("p", { class: "field-help" }, words.mergeHelp), box, add, below),
    update: () => {
      if (drawn !== JSON.stringify([branches(), outputs().length])) return draw();
      for (const view of views) view.update();
      filters?.update();
    },
    destroy: () => {
      filters?.destroy?.();
      for (const view of views) view.destroy?.();
    },
  };
}
