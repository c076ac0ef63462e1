/** Notes as boxes beside their modules: the twin of `notes.rs`. What a note is
 *  belongs to `blueprint/notes.ts`; here is only where it lies. */
import { type Note, notesOf } from "./blueprint";
import { type Point, fromMake, round, wrapped } from "./geometry";
import type { Json } from "./json";
import type { Line } from "./lines";
import type { Entry } from "./tree";

export interface NoteBox extends Point {
  index: number;
  /** The module that it hangs on, if it is drawn. */
  key: string | undefined;
  width: number;
  height: number;
  /** Lines that fit, each with its base line from the top of the box. */
  lines: { y: number; text: string }[];
  text: string;
  color: string;
  /** The line to what it is about, as the `d` of a path; empty without one. */
  line: string;
}

export const NOTE_WIDTH = 216;
const PADDING = 12;
const LINE = 17;
const LETTERS = 31;
const MOST_LINES = 7;
/** Room between a box and its module. */
const APART = 92;
const GAP = 16;

interface Edges {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

interface Anchor extends Point {
  radius: number;
}

/** The boxes of all notes with a text, none upon another or upon a module. */
export function noteBoxes(root: Json, all: readonly Entry[], places: readonly Point[], lines: readonly Line[]): NoteBox[] {
  const notes = notesOf(root).filter((note) => note.text !== "");
  if (notes.length === 0) return [];
  const taken: Edges[] = places.map((place) => ({ left: place.x - 66, top: place.y - 84, right: place.x + 66, bottom: place.y + 106 }));
  for (const { filter } of lines) {
    if (filter.className === "is-empty") continue;
    taken.push({ left: filter.x - 56, top: filter.y - 46, right: filter.x + 56, bottom: filter.y + 30 });
  }
  const under = { x: taken.length ? Math.min(...taken.map((edges) => edges.left)) : 0, y: (taken.length ? Math.max(...taken.map((edges) => edges.bottom)) : 0) + GAP };
  return notes.map((note) => {
    const index = all.findIndex((entry) => entry.id !== undefined && note.modules.includes(entry.id));
    const drawn = noteBox(note, anchorOf(note, all[index], places[index], lines), under, taken, all[index]?.key);
    taken.push({ left: drawn.x, top: drawn.y, right: drawn.x + drawn.width, bottom: drawn.y + drawn.height });
    return drawn;
  });
}

function anchorOf(note: Note, entry: Entry | undefined, place: Point | undefined, lines: readonly Line[]): Anchor | undefined {
  const line = note.isFilter ? lines.find((other) => other.key === entry?.key) : undefined;
  if (line) return { x: line.filter.x, y: line.filter.y, radius: 14 };
  return place && { ...place, radius: 50 };
}

function noteBox(note: Note, anchor: Anchor | undefined, under: Point, taken: readonly Edges[], key: string | undefined): NoteBox {
  const lines = wrapped(note.text, LETTERS, MOST_LINES).map((text, index) => ({ y: PADDING - 4 + LINE * (index + 1), text }));
  const height = PADDING - 4 + LINE * lines.length + PADDING;
  const own = note.place && fromMake(note.place);
  const at = own ? { x: round(own.x), y: round(own.y) } : freePlace(anchor, height, under, taken);
  const line = anchor ? lineTo(anchor, at, height) : "";
  return { index: note.index, key, ...at, width: NOTE_WIDTH, height, lines, text: note.text, color: note.color, line };
}

function lineTo(anchor: Anchor, box: Point, height: number): string {
  const middle = box.x + NOTE_WIDTH / 2;
  const isAbove = box.y + height <= anchor.y;
  const [from, to] = isAbove ? [box.y + height, anchor.y - anchor.radius] : [box.y, anchor.y + anchor.radius];
  return `M${middle} ${from} L${anchor.x} ${to}`;
}

/** Above what it is about, else below, else further away. */
function freePlace(anchor: Anchor | undefined, height: number, under: Point, taken: readonly Edges[]): Point {
  const isFree = ({ x, y }: Point) =>
    !taken.some((edges) => x < edges.right + GAP && edges.left - GAP < x + NOTE_WIDTH && y < edges.bottom && edges.top < y + height);
  if (anchor) {
    for (let away = 0; away < 6; away += 1) {
      for (const aside of [0, -60, 60, -140, 140]) {
        const x = anchor.x - NOTE_WIDTH / 2 + aside;
        for (const y of [anchor.y - APART - height - away * 80, anchor.y + APART + 26 + away * 80]) if (isFree({ x, y })) return { x, y };
      }
    }
  }
  for (let row = 0; row < (taken.length + 1) * 4; row += 1) {
    for (let column = 0; column < 4; column += 1) {
      const place = { x: under.x + column * (NOTE_WIDTH + 2 * GAP), y: under.y + row * 40 };
      if (isFree(place)) return place;
    }
  }
  return under;
}
