/** Changes of a text, as plain data. */

export interface Change {
  readonly from: number;
  readonly to: number;
  readonly insert: string;
}

/** Changes in places of the old text, and the selection in the new one. */
export interface Edit {
  readonly changes: readonly Change[];
  readonly from: number;
  readonly to: number;
}

export function edit(changes: readonly Change[], from: number, to = from): Edit {
  return { changes, from, to };
}

/** The text after it; changes must be in order and apart. */
export function apply(text: string, { changes }: Edit): string {
  let result = "";
  let at = 0;
  for (const change of changes) {
    result += text.slice(at, change.from) + change.insert;
    at = change.to;
  }
  return result + text.slice(at);
}

/** The one change that makes a text another, and nothing when they are equal. */
export function difference(before: string, after: string): Change[] {
  if (before === after) return [];
  const most = Math.min(before.length, after.length);
  let from = 0;
  while (from < most && before[from] === after[from]) from += 1;
  let same = 0;
  while (same < most - from && before[before.length - 1 - same] === after[after.length - 1 - same]) same += 1;
  return [{ from, to: before.length - same, insert: after.slice(from, after.length - same) }];
}
