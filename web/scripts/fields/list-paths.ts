/** Formulas for what is in a list: one of its items, or all of them. */

/** Which items of a list are meant. */
export type Which = { kind: "first" } | { kind: "last" } | { kind: "all" } | { kind: "nth"; number: number };

/** What stands at `rest` (`.name`, or nothing for the item itself) in an item
 *  of a list, or in all of them. */
export function inList(list: string, which: Which, rest: string): string {
  if (which.kind === "all") return rest === "" ? list : `map(${list}; "${plain(rest)}")`;
  if (isCall(list)) {
    const whole = which.kind === "last" ? `last(${list})` : which.kind === "first" ? `first(${list})` : `get(${list}; ${which.number})`;
    return rest === "" ? whole : which.kind === "last" ? `get(${whole}; "${plain(rest)}")` : `get(${list}; "${indexOf(which)}.${plain(rest)}")`;
  }
  const index = which.kind === "first" ? "[]" : which.kind === "last" ? "[-1]" : `[${which.number}]`;
  return `${list}${index}${rest}`;
}

/** A list within the items of a list: of all items it is one long list. */
export function listInList(list: string, which: Which, rest: string): string {
  const code = inList(list, which, rest);
  return which.kind === "all" ? `flatten(${code})` : code;
}

/** What a path leads to, as `get` takes it. */
export function byPath(list: string, path: string): string {
  return `get(${list}; "${path.trim().replaceAll('"', '""')}")`;
}

function indexOf(which: Which): number {
  return which.kind === "nth" ? which.number : 1;
}

function isCall(code: string): boolean {
  return code.endsWith(")");
}

/** The steps as text: without backticks, dots or brackets at the beginning. */
function plain(rest: string): string {
  return rest.replaceAll("`", "").replaceAll("[]", ".1").replace(/^\./, "").replaceAll('"', '""');
}
