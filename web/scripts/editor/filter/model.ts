/** The rules of a filter, as the panel has them: the stored ones, and rows that
 *  nobody has filled in yet and that are not stored. */
import { type Collection, type Json, isCollection, same } from "../json";
import type { Comparison } from "../services";
import { list } from "../tree";

/** `{a, o, b}` as Make stores it; what else is in it is kept. */
export type Rule = Collection;
export type Groups = Rule[][];

/** Where a row stands among those that are stored. */
export type StoredPlace = { group: number; condition: number } | undefined;

export const FRESH: Readonly<Rule> = { a: "", o: "text:equal", b: "" };

/** Outer list: one of them; inner list: all of them. Files that were written by
 *  hand sometimes leave the inner list out. */
export function groupsOf(conditions: Json | undefined): Groups {
  const rows = list(conditions);
  if (rows.length > 0 && rows.every(isCollection)) return [rows as Rule[]];
  return rows.map((group) => list(group).filter(isCollection)).filter((group) => group.length > 0);
}

/** A row that says nothing yet. */
export function isBlank(rule: Rule): boolean {
  return text(rule.a).trim() === "" && text(rule.b).trim() === "" && (rule.o === FRESH.o || rule.o === undefined);
}

/** What is stored of the rows. */
export function stored(groups: Groups): Groups {
  return groups.map((group) => group.filter((rule) => !isBlank(rule))).filter((group) => group.length > 0);
}

/** For each row where it stands in what is stored. */
export function places(groups: Groups): StoredPlace[][] {
  let group = 0;
  return groups.map((rules) => {
    let condition = 0;
    const found = rules.map((rule): StoredPlace => (isBlank(rule) ? undefined : { group, condition: condition++ }));
    if (condition > 0) group += 1;
    return found;
  });
}

/** Whether the rows say what is stored. */
export function says(groups: Groups, conditions: Json | undefined): boolean {
  return same(stored(groups), groupsOf(conditions));
}

/** A value of a rule as text. Files have numbers and yes or no there too. */
export function text(value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

export function isUnary(operator: string, comparisons: readonly Comparison[]): boolean {
  const known = comparisons.find((comparison) => comparison.name === operator);
  return known ? known.unary : operator === "exist" || operator === "notexist";
}

/** A rule with another operator. One that looks at one value has no `b`; the
 *  other value comes back when it is wanted again. */
export function withOperator(rule: Rule, operator: string, comparisons: readonly Comparison[], before: Json | undefined): Rule {
  const { b, ...rest } = rule;
  if (isUnary(operator, comparisons)) return { ...rest, o: operator };
  return { ...rest, o: operator, b: b ?? before ?? "" };
}

/** A rule with what the server suggests for it. */
export function withSuggested(rule: Rule, suggested: { operator: string; left: string | null; right: string | null }, comparisons: readonly Comparison[]): Rule {
  const other = withOperator(rule, suggested.operator, comparisons, undefined);
  return { ...other, ...(suggested.left === null ? {} : { a: suggested.left }), ...(suggested.right === null ? {} : { b: suggested.right }) };
}

/** The rows with one of them changed. */
export function changed(groups: Groups, group: number, condition: number, change: (rule: Rule) => Rule): Groups {
  return groups.map((rules, at) => (at === group ? rules.map((rule, index) => (index === condition ? change(rule) : rule)) : rules));
}

/** The rows without one of them; a group that is empty then goes as well. */
export function removed(groups: Groups, group: number, condition: number): Groups {
  return groups.map((rules, at) => (at === group ? rules.filter((_, index) => index !== condition) : rules)).filter((rules) => rules.length > 0);
}
