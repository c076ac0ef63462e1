/** Search over everything that can be put into a field. */
import { h } from "../editor/dom";
import { words } from "../editor/words/mapping";
import { type Suggestion, suggestions } from "./completion-options";
import { type Pick, pill } from "./panel-pill";
import { functionRow, keywordRow } from "./panel-language";
import type { World } from "./world";

/** What is found, the best first. */
export function found(world: World, search: string, pick: Pick): HTMLElement[] {
  const all = suggestions(world, search.trim()).filter((one) => one.kind !== "text");
  if (all.length === 0) return [h("p", { class: "quiet" }, words.noMatch(search.trim()))];
  return [h("ul", { class: "mapping-functions" }, ...all.map((one) => row(world, one, pick)))];
}

function row(world: World, one: Suggestion, pick: Pick): HTMLElement {
  const known = one.kind === "function" ? world.function(one.label) : undefined;
  if (known) return functionRow(world, known, pick);
  if (one.kind === "keyword") return keywordRow({ name: one.label, help: one.help ?? "" }, pick);
  const app = world.groups().find((group) => group.module === one.module)?.app;
  const button = pill(one.label, one.what, pick, app === undefined ? {} : { app });
  return h("li", {}, h("div", { class: "mapping-row" }, button, h("span", { class: "sample" }, one.detail)));
}
