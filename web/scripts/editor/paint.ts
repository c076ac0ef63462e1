/** Fills copies of the pieces of markup that the page was delivered with
 *  (`web/templates/canvas/`), so that the markup has one owner. */
import type { Area } from "./areas";
import { must, svg } from "./dom";
import type { Line } from "./lines";
import { type Look, short, stateOf } from "./looks";
import type { NoteBox } from "./notes-layer";
import type { Mark } from "./services";
import { words } from "./words/canvas";

const STATES = ["is-selected", "is-target", "is-moving", "is-busy", "is-running", "is-flowing", "is-found", "is-crossed"];
const pieces = new Map<string, SVGGElement>();

/** A fresh copy of a piece. */
function piece(name: "module" | "link" | "filter" | "note" | "area"): SVGGElement {
  let found = pieces.get(name);
  if (!found) {
    const template = must<HTMLTemplateElement>(`#tpl-${name}`);
    found = must<SVGGElement>("svg > g", template.content);
    pieces.set(name, found);
  }
  return found.cloneNode(true) as SVGGElement;
}

function set(element: Element | null, values: Record<string, string | number>): void {
  for (const [name, value] of Object.entries(values)) element?.setAttribute(name, String(value));
}

/** Points a copied icon to another symbol of the sprite. */
function setIcon(within: Element, selector: string, name: string): void {
  const use = within.querySelector(selector);
  const sprite = use?.getAttribute("href")?.split("#")[0] ?? "";
  use?.setAttribute("href", `${sprite}#${name}`);
}

export function translate(element: Element, x: number, y: number): void {
  element.setAttribute("transform", `translate(${x} ${y})`);
}

/** What others say of an element stays when it is drawn again. */
function states(element: Element): string[] {
  return STATES.filter((name) => element.classList.contains(name));
}

/** A disc, or the given one made anew: the element stays, so that the focus
 *  and listeners do. */
export function paintModule(look: Look, old?: SVGGElement): SVGGElement {
  const fresh = piece("module");
  keep(fresh, ".ear.in", look.hasInput);
  keep(fresh, ".ear.out, .plus", look.hasOutput);
  keep(fresh, ".glyph", look.monogram === "");
  keep(fresh, ".monogram", look.monogram !== "");
  keep(fresh, ".instant", look.isInstant);
  keep(fresh, ".problem", look.hasProblem);
  keep(fresh, ".badge", look.number !== "");
  keep(fresh, ".bubble", false);
  if (look.monogram === "") setIcon(fresh, ".glyph", look.icon || "puzzle");
  write(fresh, ".monogram", look.monogram);
  write(fresh, ".name", look.title);
  write(fresh, ".kind", look.subtitle);
  write(fresh, ".badge text", look.number);
  const g = old ?? fresh;
  if (old) old.replaceChildren(...fresh.childNodes);
  set(g, { "data-key": look.key, "data-app": look.app });
  g.setAttribute("class", ["node", look.className, ...states(g)].filter(Boolean).join(" "));
  return g;
}

function keep(within: Element, selector: string, isThere: boolean): void {
  if (!isThere) for (const element of within.querySelectorAll(selector)) element.remove();
}

function write(within: Element, selector: string, text: string): void {
  const element = within.querySelector(selector);
  if (element) element.textContent = text;
}

/** Puts the number of operations at a disc, or takes it away. */
export function paintBubble(g: SVGGElement, mark: Mark | undefined): void {
  const old = g.querySelector(":scope > .bubble");
  if (!mark || mark.operations + mark.running === 0) return old?.remove();
  const bubble = old ?? must(".bubble", piece("module"));
  const state = stateOf(mark);
  bubble.setAttribute("class", `bubble ${state.className}`);
  const said = `${words.operations(mark.operations)}${state.words}`;
  write(bubble, "title", said);
  write(bubble, "text", short(mark.operations));
  if (!old) g.append(bubble);
}

/** A line; the given one is filled anew. */
export function paintLine(line: Line, old?: SVGGElement): SVGGElement {
  const g = old ?? piece("link");
  const id = `g-${line.key}`;
  g.setAttribute("class", ["wire", line.className, ...states(g)].filter(Boolean).join(" "));
  g.dataset.key = line.key;
  const gradient = must("linearGradient", g);
  set(gradient, { id, x1: line.from.x, y1: line.from.y, x2: line.to.x, y2: line.to.y });
  gradient.querySelectorAll("stop").forEach((stop, index) => set(stop, { "data-app": line.apps[index] ?? "" }));
  set(g.querySelector(".reach"), { d: line.path });
  set(g.querySelector(".link"), { d: line.path, stroke: `url(#${id})` });
  paintChip(g, line);
  return g;
}

function paintChip(g: SVGGElement, line: Line): void {
  g.querySelector(".chip")?.remove();
  if (!line.chip) return;
  const chip = must<SVGGElement>(".chip", piece("link"));
  const title = chip.querySelector("title") ?? svg("title");
  title.textContent = line.chip.title;
  const isError = line.chip.text === "";
  const text = svg("text", { y: 4 });
  text.textContent = line.chip.text;
  chip.setAttribute("class", isError ? "chip is-error" : "chip");
  chip.replaceChildren(title, svg("circle", { r: 10 }), isError ? svg("path", { d: "M0 -4.5V0.5M0 4V4.1" }) : text);
  translate(chip, line.chip.x, line.chip.y);
  g.append(chip);
}

/** The funnel of a line, also where a filter may only be put. */
export function paintFilter(line: Line, counts: string, old?: SVGGElement): SVGGElement {
  const fresh = piece("filter");
  const { filter } = line;
  const isEmpty = filter.className === "is-empty";
  setIcon(fresh, ".funnel", filter.className === "is-fallback" ? "corner-down-right" : "funnel");
  write(fresh, "title", isEmpty ? words.setFilter : filter.title);
  const name = must(".filter-name", fresh);
  name.replaceChildren(
    // Where there is none yet, the funnel says what it is for.
    ...(isEmpty ? [words.setFilter] : filter.lines).map((text, index) => {
      const line = svg("tspan", { x: 0, ...(filter.lines.length === 2 ? { dy: index === 0 ? -13 : 13 } : {}) });
      line.textContent = text;
      return line;
    }),
  );
  keep(fresh, ".filter-counts", counts !== "");
  write(fresh, ".filter-counts", counts);
  const g = old ?? fresh;
  if (old) old.replaceChildren(...fresh.childNodes);
  g.setAttribute("class", ["filter", filter.className, ...states(g)].filter(Boolean).join(" "));
  const label = isEmpty ? words.setFilter : filter.name ? words.filterNamed(filter.name) : filter.title;
  set(g, { "data-key": line.key, "aria-label": [label, counts].filter(Boolean).join(", ") });
  translate(g, filter.x, filter.y);
  return g;
}

export function paintNote(note: NoteBox, old?: SVGGElement): SVGGElement {
  const g = old ?? piece("note");
  set(g, { "data-note": note.index, "aria-label": words.note(note.text) });
  g.removeAttribute("transform");
  if (note.line && !g.querySelector(".note-line")) g.prepend(svg("path", { class: "note-line" }));
  if (note.line) set(g.querySelector(".note-line"), { d: note.line });
  else g.querySelector(".note-line")?.remove();
  translate(must(".note-box", g), note.x, note.y);
  write(g, "title", note.text);
  set(g.querySelector(".paper"), { width: note.width, height: note.height });
  set(g.querySelector(".edge"), { d: `M1 8V${note.height - 8}`, stroke: note.color });
  must("text", g).replaceChildren(
    ...note.lines.map((line) => {
      const span = svg("tspan", { x: 16, y: line.y });
      span.textContent = line.text;
      return span;
    }),
  );
  return g;
}

export function paintArea(area: Area, old?: SVGGElement): SVGGElement {
  const g = old ?? piece("area");
  g.setAttribute("class", `area level-${area.level % 3}`);
  g.dataset.area = area.key;
  write(g, "title", area.title);
  set(g.querySelector(".area-edge"), { d: area.path, "stroke-width": area.width });
  set(g.querySelector(".area-band"), { d: area.path, "stroke-width": area.width - 3 });
  set(g.querySelector(".area-name"), { x: area.x, y: area.y });
  write(g, ".area-name", area.name);
  return g;
}
