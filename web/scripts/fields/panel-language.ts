/** Functions, keywords, signs and variables of the panel. */
import { h } from "../editor/dom";
import type { Item, LanguageFunction } from "../editor/services";
import { words } from "../editor/words/mapping";
import { call, shownValue } from "./completion-options";
import { type Pick, pill } from "./panel-pill";
import { type World, allItems } from "./world";

/** The tab in which Make shows a keyword; all others are of the system. */
const KEYWORDS: Record<string, readonly string[]> = {
  general: ["true", "false", "null", "ignore", "erase"],
  math: ["pi", "random"],
  text: ["emptystring", "space", "nbsp", "tab", "newline", "carriagereturn"],
  date: ["now", "timestamp"],
  array: ["emptyarray"],
};

/** A tab of functions. */
export function functionTab(world: World, category: string, pick: Pick): HTMLElement[] {
  const { language } = world;
  const functions = language?.functions.filter((one) => one.category === category) ?? [];
  const names = KEYWORDS[category] ?? [];
  const keywords = language?.keywords.filter((one) => names.includes(one.name)) ?? [];
  const operators = language?.operators.filter((one) => one.group === category) ?? [];
  return [
    category === "extension" ? h("p", { class: "quiet" }, words.notMake) : undefined,
    operators.length > 0 ? section(words.operators, h("div", { class: "mapping-signs" }, ...operators.map((one) => sign(one, pick)))) : undefined,
    keywords.length > 0 ? section(words.keywords, h("ul", { class: "mapping-functions" }, ...keywords.map((one) => keywordRow(one, pick)))) : undefined,
    h("ul", { class: "mapping-functions" }, ...functions.map((one) => functionRow(world, one, pick))),
  ].filter((part) => part !== undefined);
}

/** Inputs of the scenario, variables, and keywords of the system. */
export function variableTab(world: World, pick: Pick): HTMLElement[] {
  const items = allItems(world.variables()).filter((item) => !item.spec);
  const inputs = items.filter((item) => item.path.startsWith("var.input."));
  const others = items.filter((item) => !inputs.includes(item));
  const listed = Object.values(KEYWORDS).flat();
  const keywords = world.language?.keywords.filter((one) => !listed.includes(one.name)) ?? [];
  return [
    inputs.length > 0 ? section(words.inputs, h("ul", { class: "mapping-items" }, ...inputs.map((item) => variableRow(item, pick)))) : undefined,
    others.length > 0 ? section(words.variables, h("ul", { class: "mapping-items" }, ...others.map((item) => variableRow(item, pick)))) : undefined,
    keywords.length > 0 ? section(words.keywords, h("ul", { class: "mapping-functions" }, ...keywords.map((one) => keywordRow(one, pick)))) : undefined,
  ].filter((part) => part !== undefined);
}

export function functionRow(world: World, one: LanguageFunction, pick: Pick): HTMLElement {
  const example = one.examples[0];
  return h(
    "li",
    {},
    h("div", { class: "mapping-row" }, pill(one.name, call(world, one.name), pick, { description: one.help }), h("code", { class: "signature" }, one.signature.slice(one.name.length))),
    h("p", {}, one.help),
    example && h("p", { class: "shows" }, h("code", {}, example.expression), " →\u00a0", h("code", {}, shownValue(example.value))),
  );
}

export function keywordRow(one: { name: string; help: string }, pick: Pick): HTMLElement {
  const button = pill(one.name, { kind: "value", code: one.name }, pick, {});
  return h("li", { class: "is-short" }, button, h("span", { class: "help" }, one.help));
}

function variableRow(item: Item, pick: Pick): HTMLElement {
  const button = pill(item.label || item.name, { kind: "value", code: item.path }, pick, {});
  return h("li", {}, h("div", { class: "mapping-row" }, button, h("span", { class: "sample" }, item.sample ?? ""), h("span", { class: "type" }, words.types[item.type] ?? item.type)));
}

function sign(one: { sign: string; label: string; help: string }, pick: Pick): HTMLElement {
  const button = pill(one.label, { kind: "operator", sign: one.sign }, pick, { description: one.help });
  button.title = one.help;
  return button;
}

export function section(heading: string, ...children: HTMLElement[]): HTMLElement {
  return h("section", { class: "mapping-group" }, h("h3", { class: "mapping-head" }, heading), ...children);
}
