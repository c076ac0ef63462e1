/** The operators of filters, in groups, in words. */
import { words } from "../words/forms";

const TEXT: [string, string][] = [
  ["equal", words.op.equal],
  ["notequal", words.op.notEqual],
  ["contain", words.op.contain],
  ["notcontain", words.op.notContain],
  ["startwith", words.op.start],
  ["notstartwith", words.op.notStart],
  ["endwith", words.op.end],
  ["notendwith", words.op.notEnd],
  ["pattern", words.op.pattern],
  ["notpattern", words.op.notPattern],
];
const ORDER: [string, string][] = [
  ["equal", words.op.equal],
  ["notequal", words.op.notEqual],
  ["greater", words.op.greater],
  ["greaterorequal", words.op.greaterOrEqual],
  ["less", words.op.less],
  ["lessorequal", words.op.lessOrEqual],
];
const TIMES: [string, string][] = [
  ["equal", words.op.equal],
  ["notequal", words.op.notEqual],
  ["greater", words.op.later],
  ["greaterorequal", words.op.laterOrEqual],
  ["less", words.op.earlier],
  ["lessorequal", words.op.earlierOrEqual],
];

const typed = (type: string, operators: [string, string][]): [string, string][] => operators.map(([name, text]) => [`${type}:${name}`, text]);

export const GROUPS: { label: string; operators: [string, string][] }[] = [
  { label: words.op.basic, operators: [["exist", words.op.exist], ["notexist", words.op.notExist]] },
  { label: words.op.text, operators: [...typed("text", TEXT), ...typed("text", TEXT).map(([name, text]): [string, string] => [`${name}:ci`, words.op.anyCase(text)])] },
  { label: words.op.number, operators: typed("number", ORDER) },
  { label: words.op.date, operators: typed("date", TIMES) },
  { label: words.op.time, operators: typed("time", TIMES) },
  { label: words.op.boolean, operators: typed("boolean", ORDER.slice(0, 2)) },
];

export function isUnary(operator: string): boolean {
  return ["exist", "notexist", "text:isempty", "text:isnotempty"].includes(operator);
}
