/** The operators of filters in Make's groups, as choices of a list. */
import { h } from "../dom";
import type { Comparison } from "../services";

export function operatorGroups(comparisons: readonly Comparison[]): HTMLElement[] {
  const groups = new Map<string, Comparison[]>();
  for (const comparison of comparisons) groups.set(comparison.group, [...(groups.get(comparison.group) ?? []), comparison]);
  return [...groups].map(([label, list]) => h("optgroup", { label }, ...list.map(({ name, label: shown }) => h("option", { value: name }, shown))));
}
