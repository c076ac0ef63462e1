/** Auto-align: tidy columns and rows. The twin of `tidy` in `layout.rs`. */
import { apply } from "./blueprint";
import type { Editor } from "./editor";
import { COLUMN, type Point, ROW, placed } from "./geometry";
import type { Doc } from "./store";
import { type Entry, entries, joinsBranches } from "./tree";
import { words } from "./words/canvas";

/** First and last row in each column of a subtree, its own column last. */
type Outline = [number, number][];

/** Columns by distance from the start. Whatever follows a module stands around
 *  its middle, in order, and a merge behind that; error routes and tools hang
 *  below. Every subtree is as close to the one above it as its outline allows. No recursion: children come
 *  after their parents in the tree. */
export function tidy(all: readonly Entry[]): Point[] {
  const children = childrenOf(all);
  const rows: number[] = all.map(() => 0);
  const shifts: number[] = all.map(() => 0);
  const behind: number[] = all.map(() => 0);
  const outlines: Outline[] = all.map(() => []);
  for (let index = all.length - 1; index >= 0; index -= 1) {
    let outline: Outline = [];
    let following: [number, number] | undefined;
    for (const child of children[index] as number[]) {
      const under = outlines[child] as Outline;
      outlines[child] = [];
      const own = rows[child] as number;
      if (joinsBranches(all[child] as Entry)) {
        // Behind the longest branch, on the line of the if-else.
        const aside = middle(following) - own;
        shifts[child] = aside;
        behind[child] = outline.length;
        outline = [...under.map(([first, last]): [number, number] => [first + aside, last + aside]), ...outline];
        continue;
      }
      let shift = clearance(outline, under);
      if (all[child]?.kind === "flow") following = [following?.[0] ?? own + shift, own + shift];
      else shift = Math.max(shift, middle(following) + 1 - own);
      shifts[child] = shift;
      outline = merged(outline, under, shift);
    }
    const row = middle(following);
    rows[index] = row;
    outline.push([row, row]);
    outlines[index] = outline;
  }
  return spread(all, rows, shifts, behind, outlines);
}

function middle(rows: [number, number] | undefined): number {
  return rows ? (rows[0] + rows[1]) / 2 : 0;
}

/** Rows of subtrees become rows of the whole; loose parts go below. */
function spread(all: readonly Entry[], rows: number[], shifts: number[], behind: readonly number[], outlines: Outline[]): Point[] {
  const columns: number[] = [];
  let next = 0;
  return all.map((entry, index) => {
    if (entry.parent === undefined) {
      columns[index] = 0;
      shifts[index] = next;
      next += Math.max(0, ...lasts(outlines[index] as Outline)) + 1;
    } else {
      columns[index] = (columns[entry.parent] as number) + 1 + (behind[index] as number);
      shifts[index] = (shifts[index] as number) + (shifts[entry.parent] as number);
    }
    return { x: (columns[index] as number) * COLUMN, y: ((rows[index] as number) + (shifts[index] as number)) * ROW };
  });
}

/** Only the outermost rows: a long chain must not be spread into arguments. */
function lasts(outline: Outline): number[] {
  return [outline.reduce((last, rows) => Math.max(last, rows[1]), 0)];
}

/** What follows each module: the flow first, then what hangs below. */
function childrenOf(all: readonly Entry[]): number[][] {
  const children: number[][] = all.map(() => []);
  for (const flows of [true, false]) {
    all.forEach((entry, index) => {
      if (entry.parent !== undefined && (entry.kind === "flow") === flows) children[entry.parent]?.push(index);
    });
  }
  return children;
}

/** How far down a subtree must move to be clear of what is above it. */
function clearance(above: Outline, under: Outline): number {
  let shift = 0;
  for (let column = 1; column <= Math.min(above.length, under.length); column += 1) {
    shift = Math.max(shift, (above.at(-column) as [number, number])[1] - (under.at(-column) as [number, number])[0] + 1);
  }
  return shift;
}

function merged(outline: Outline, under: Outline, shift: number): Outline {
  if (outline.length === 0 && shift === 0) return under;
  const moved = under.map(([first, last]): [number, number] => [first + shift, last + shift]);
  const [longer, shorter] = outline.length >= moved.length ? [outline, moved] : [moved, outline];
  const more = longer.length - shorter.length;
  shorter.forEach(([first, last], index) => {
    const rows = longer[index + more] as [number, number];
    longer[index + more] = [Math.min(rows[0], first), Math.max(rows[1], last)];
  });
  return longer;
}

/** The document with all modules in tidy places. */
export function aligned(doc: Doc): Doc {
  const all = entries(doc.root);
  const tidied = tidy(all);
  return placed(doc, new Map(all.map((entry, index) => [entry.key, tidied[index] as Point])));
}

/** Aligns everything as one step of undo, and shows it. */
export function align(editor: Editor): void {
  const doc = aligned(editor.store.doc);
  if (!apply(editor, { doc, label: words.align })) return editor.say(words.alreadyTidy);
  editor.services.scene?.fit();
  editor.say(words.aligned, "ok", { label: words.undo, run: () => editor.store.undo() });
}
