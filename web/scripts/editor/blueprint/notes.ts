/** Notes on modules, on filters, and on the canvas. Make keeps them under
 *  `metadata.notes`, older files under `metadata.designer.notes`; both stay
 *  where they are. Contents are simple HTML, shown and edited as text. */
import { type Collection, type Json, type Path, at, isCollection, put } from "../json";
import type { Edit } from "../services";
import type { Doc } from "../store";
import { list } from "../tree";
import { words } from "../words/flow";
import { find } from "./base";
import type { Point } from "./room";

const NOTES: Path = ["metadata", "notes"];
const OLD_NOTES: Path = ["metadata", "designer", "notes"];

/** Make's violet first; all dark enough for white and to be told apart. */
export const COLOURS = ["#9138FE", "#B3440C", "#0B7F42", "#1565C0", "#C2185B", "#5D576A"] as const;

export interface Note {
  /** Its number among all notes, as panels name it. */
  index: number;
  path: Path;
  /** The modules it is about; none for a note on the canvas. */
  modules: number[];
  isFilter: boolean;
  text: string;
  color: string;
  /** Make's coordinates, of notes that lie on the canvas. */
  place: Point | undefined;
}

export type NoteTarget = { module: string } | { filter: string } | { place: Point };

export function notesOf(root: Json): Note[] {
  const raw = at(root, NOTES);
  // Some files have one text in the place of the list.
  const found: [Path, Json][] = typeof raw === "string" && raw !== "" ? [[NOTES, raw]] : list(raw).map((note, index) => [[...NOTES, index], note]);
  list(at(root, OLD_NOTES)).forEach((note, index) => found.push([[...OLD_NOTES, index], note]));
  return found.map(([path, note], index) => read(note, path, index));
}

function read(note: Json, path: Path, index: number): Note {
  const fields: Collection = isCollection(note) ? note : {};
  const text = typeof note === "string" ? note : String(fields.content ?? fields.text ?? "");
  const modules = [...list(fields.moduleIds), fields.id].map(Number).filter((id) => Number.isSafeInteger(id));
  const [color, x, y] = ["color", "x", "y"].map((name) => at(fields, ["metadata", name]));
  return {
    index,
    path,
    modules: fields.id === undefined && !Array.isArray(fields.moduleIds) ? [] : modules,
    isFilter: fields.isFilterNote === true || fields.filter === true,
    text: plain(text),
    color: typeof color === "string" && /^#[\da-f]{6}$/i.test(color) ? color : COLOURS[0],
    place: typeof x === "number" && typeof y === "number" ? { x, y } : undefined,
  };
}

/** Adds a note at the end; `select` is not set, as a note is not a module. */
export function addNote(doc: Doc, target: NoteTarget, text = "", color: string = COLOURS[0]): Edit & { index: number } {
  const key = "module" in target ? target.module : "filter" in target ? target.filter : undefined;
  const id = key === undefined ? undefined : find(doc, key)?.id;
  const metadata: Collection = "place" in target ? { color, x: Math.round(target.place.x), y: Math.round(target.place.y) } : { color };
  const note = { moduleIds: id === undefined ? [] : [id], content: html(text), isFilterNote: "filter" in target, metadata };
  const raw = at(doc.root, NOTES);
  const before = typeof raw === "string" && raw !== "" ? [raw] : list(raw);
  return { doc: { ...doc, root: put(doc.root, NOTES, [...before, note]) }, label: words.addNote, index: before.length };
}

/** Changes text, colour or place of a note. */
export function setNote(doc: Doc, index: number, next: { text?: string; color?: string; place?: Point }): Edit {
  const note = notesOf(doc.root)[index];
  if (!note) return { doc, label: words.changeNote };
  const raw = at(doc.root, note.path) as Json;
  const isText = typeof raw === "string";
  // A bare text becomes a note of Make's shape only when it has to say more.
  if (isText && next.color === undefined && !next.place) return replaced(doc, note, next.text ?? raw);
  let fields: Collection = isText ? { moduleIds: [], content: html(plain(raw)), isFilterNote: false, metadata: {} } : (raw as Collection);
  if (next.text !== undefined && next.text !== note.text) fields = { ...fields, [fields.text !== undefined && fields.content === undefined ? "text" : "content"]: html(next.text) };
  if (next.color !== undefined) fields = put(fields, ["metadata", "color"], next.color) as Collection;
  if (next.place) fields = put(put(fields, ["metadata", "x"], Math.round(next.place.x)), ["metadata", "y"], Math.round(next.place.y)) as Collection;
  return replaced(doc, note, fields);
}

function replaced(doc: Doc, note: Note, value: Json): Edit {
  // A lone text is the list itself.
  const isLone = note.path.length === NOTES.length && typeof value !== "string";
  return { doc: { ...doc, root: put(doc.root, note.path, isLone ? [value] : value) }, label: words.changeNote };
}

export function removeNote(doc: Doc, index: number): Edit {
  const note = notesOf(doc.root)[index];
  if (!note) return { doc, label: words.removeNote };
  const isLone = note.path.length === NOTES.length;
  return { doc: { ...doc, root: put(doc.root, note.path, isLone ? [] : undefined) }, label: words.removeNote };
}

const NAMED: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " " };

/** The text of a note's HTML. Never parsed as a page: tags are dropped. */
export function plain(content: string): string {
  const broken = content.replace(/<br\s*\/?>/gi, "\n").replace(/<\/(p|div|li|h\d)>\s*(?=<|$)/gi, "\n");
  const bare = broken.replace(/<li[^>]*>/gi, "• ").replace(/<\/?[a-z][^>]*>/gi, "");
  const decoded = bare.replace(/&(#x?[\da-f]+|[a-z]+);/gi, (whole, name: string) => entity(name) ?? whole);
  return decoded.replace(/\n+$/, "");
}

function entity(name: string): string | undefined {
  if (!name.startsWith("#")) return NAMED[name.toLowerCase()];
  const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number.parseInt(name.slice(1), 10);
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
}

/** The same as Make's editor writes it: a paragraph per line. */
export function html(text: string): string {
  if (text === "") return "";
  const escaped = text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  return escaped.split("\n").map((line) => `<p>${line}</p>`).join("");
}
