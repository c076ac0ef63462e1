/** The drawing: takes over the server's SVG, then touches only what changed.
 *  Documents never change in place, so that "the same object" means "the same
 *  picture"; nothing else is compared. */
import { lineSame, looksSame, markSame } from "./alike";
import { type Area, areas } from "./areas";
import { discard, put } from "./culling";
import { must, svg } from "./dom";
import type { Editor } from "./editor";
import { type Point, bent, curve, places } from "./geometry";
import { type Line, type Source, appOf, countsOf, lineInto } from "./lines";
import { type Look, Looks } from "./looks";
import { type NoteBox, noteBoxes } from "./notes-layer";
import { paintArea, paintBubble, paintFilter, paintLine, paintModule, paintNote, translate } from "./paint";
import type { Mark } from "./services";
import { type Drawn, spread } from "./spread";
import { type Entry, joinsBranches, sourcesOf } from "./tree";
import { words } from "./words/canvas";

/** A module as it is drawn now. */
export interface Shown {
  entry: Entry;
  parent: Entry | undefined;
  at: Point;
  node: SVGGElement;
  line: Line | undefined;
  wire: SVGGElement | undefined;
  filter: SVGGElement | undefined;
  look: Look;
  /** Drawn by the server and not touched since: it is right as it is. */
  isServers: boolean;
  isCulled: boolean;
  isWireCulled: boolean;
}

/** Left, top, right, bottom. */
export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export class Scene extends EventTarget {
  readonly svg = must<SVGSVGElement>("#canvas");
  readonly world = must<SVGGElement>("#world");
  readonly looks: Looks;
  readonly shown = new Map<string, Shown>();
  areas: Area[] = [];
  notes: NoteBox[] = [];
  #nodes = must<SVGGElement>("#nodes");
  #links = must<SVGGElement>("#links");
  #filters = must<SVGGElement>("#filters");
  #noteLayer = must<SVGGElement>("#note-boxes");
  #areaLayer = must<SVGGElement>("#areas");
  #areaElements = new Map<string, SVGGElement>();
  #noteElements = new Map<number, SVGGElement>();
  #marks: ReadonlyMap<string, Mark> | undefined;
  #first: SVGGElement | undefined;
  /** What the funnel was painted for. */
  #wrenched: Line | undefined;
  #wrench: SVGGElement | undefined;
  /** The module that Tab goes to. */
  #stop: string | undefined;

  constructor(private readonly editor: Editor) {
    super();
    this.looks = new Looks(editor);
    this.#adopt();
    editor.store.subscribe(() => this.update());
    editor.selection.addEventListener("change", () => this.#select());
    editor.signals.addEventListener("report", () => {
      this.looks.takeReport();
      this.repaint();
    });
    editor.catalogue().then(
      (catalogue) => {
        this.looks.catalogue = catalogue;
        this.repaint();
      },
      () => undefined,
    );
  }

  get entries(): readonly Entry[] {
    return this.editor.store.entries;
  }

  get points(): Point[] {
    return [...this.shown.values()].map((shown) => shown.at);
  }

  /** Takes the elements that the server has drawn, so that the first picture
   *  is the last one and nothing flickers. */
  #adopt(): void {
    const found = (layer: Element) => new Map([...layer.children].map((element) => [(element as SVGGElement).dataset.key ?? "", element as SVGGElement]));
    const [nodes, wires, filters] = [found(this.#nodes), found(this.#links), found(this.#filters)];
    const all = this.entries;
    const points = places(all);
    all.forEach((entry, index) => {
      const node = nodes.get(entry.key);
      if (!node || this.shown.has(entry.key)) return;
      const parent = entry.parent === undefined ? undefined : all[entry.parent];
      const at = points[index] as Point;
      const sources = sourcesOf(all, entry).map((source) => ({ entry: source, at: points[all.indexOf(source)] as Point }));
      const line = parent && lineInto(entry, parent, sources as [Source, ...Source[]], at);
      const look = this.looks.of(entry);
      const wire = wires.get(entry.key);
      this.shown.set(entry.key, { entry, parent, at, node, line, wire, filter: filters.get(entry.key), look, isServers: true, isCulled: false, isWireCulled: false });
      // The server cannot know where the window will put it.
      translate(node, at.x, at.y);
    });
    for (const node of nodes.values()) if (!this.#isShown(node, "node")) node.remove();
    for (const element of this.#areaLayer.children) this.#areaElements.set((element as SVGGElement).dataset.area ?? "", element as SVGGElement);
    for (const element of this.#noteLayer.children) this.#noteElements.set(Number((element as SVGGElement).dataset.note), element as SVGGElement);
    this.update();
  }

  #isShown(element: Element, part: "node"): boolean {
    return this.shown.get((element as SVGGElement).dataset.key ?? "")?.[part] === element;
  }

  /** Brings the drawing up to the document. */
  update(): void {
    this.wrench(undefined);
    const all = this.entries;
    const points = places(all);
    const seen = new Set<string>();
    all.forEach((entry, index) => {
      // Two modules with one number are one in the editor: the first is shown.
      if (seen.has(entry.key)) return;
      seen.add(entry.key);
      const parent = entry.parent === undefined ? undefined : all[entry.parent];
      this.#bring(entry, parent, points[index] as Point);
    });
    for (const key of this.shown.keys()) if (!seen.has(key)) this.#drop(key);
    for (const shown of this.shown.values()) this.#bringLine(shown);
    this.#spread(all, points);
    this.#bringNotes(all, points);
    this.#bringEmpty();
    this.svg.setAttribute("aria-label", words.diagram(this.shown.size));
    this.#select();
    this.dispatchEvent(new Event("drawn"));
  }

  #bring(entry: Entry, parent: Entry | undefined, at: Point): void {
    const shown = this.shown.get(entry.key);
    if (!shown) {
      const look = this.looks.of(entry);
      const node = paintModule(look);
      node.setAttribute("tabindex", "-1");
      translate(node, at.x, at.y);
      this.#nodes.append(node);
      this.shown.set(entry.key, { entry, parent, at, node, line: undefined, wire: undefined, filter: undefined, look, isServers: false, isCulled: false, isWireCulled: false });
      this.#finish(this.shown.get(entry.key) as Shown);
      return;
    }
    const { entry: old } = shown;
    const isSame = looksSame(old.module, entry.module) && old.isOff === entry.isOff && old.isOrphan === entry.isOrphan;
    const isMoved = shown.at.x !== at.x || shown.at.y !== at.y;
    const isRehung = (old.parent === undefined) !== (entry.parent === undefined);
    const isReplaced = !isSame || isRehung;
    shown.entry = entry;
    shown.parent = parent;
    if (isMoved) {
      shown.at = at;
      translate(shown.node, at.x, at.y);
    }
    if (isReplaced) this.#repaint(shown);
  }

  #repaint(shown: Shown): void {
    shown.look = this.looks.of(shown.entry);
    shown.isServers = false;
    paintModule(shown.look, shown.node);
    this.#finish(shown);
  }

  /** What depends on more than the module: its bubble and its name. */
  #finish(shown: Shown): void {
    const mark = this.#marks?.get(shown.entry.key);
    paintBubble(shown.node, mark);
    shown.node.setAttribute("aria-label", this.looks.spoken(shown.entry, shown.look, shown.parent, mark));
  }

  #bringLine(shown: Shown): void {
    const from = shown.parent && this.shown.get(shown.parent.key);
    if (!from) {
      discard(shown.wire);
      discard(shown.filter);
      shown.wire = shown.filter = shown.line = undefined;
      return;
    }
    const line = lineInto(shown.entry, from.entry, this.#sources(shown, from), shown.at);
    if (shown.wire && shown.line && lineSame(line, shown.line)) {
      shown.line = line;
      return;
    }
    const isNamed = shown.line?.filter.name !== line.filter.name || shown.line.filter.className !== line.filter.className;
    shown.line = line;
    const wire = paintLine(line, shown.wire);
    if (!shown.wire) this.#links.append(wire);
    shown.wire = wire;
    this.#bringFilter(shown, line);
    if (isNamed) this.#finish(shown);
  }

  /** Moves along or bends what would lie on something else. */
  #spread(all: readonly Entry[], points: readonly Point[]): void {
    const shown = [...this.shown.values()];
    const drawn = shown.flatMap((one): Drawn[] => {
      const { line, entry, at, parent } = one;
      const from = parent && this.shown.get(parent.key);
      if (!line || !from) return [];
      const [first, ...more] = this.#sources(one, from);
      return [{ line, from: [first.at, ...more.map((source) => source.at)], to: at, kind: entry.kind }];
    });
    const loops = areas(all, points);
    const moved = spread(drawn, shown.map(({ at, look: { title, subtitle } }) => ({ at, title, subtitle })), loops);
    for (const [key, line] of moved.lines) {
      const one = this.shown.get(key);
      if (!one?.wire) continue;
      one.line = line;
      paintLine(line, one.wire);
      this.#bringFilter(one, line);
    }
    shown.forEach(({ node }, index) => node.classList.toggle("is-crossed", moved.crossed.has(index)));
    this.#bringAreas(loops.map((area) => moved.areas.get(area.key) ?? area));
  }

  #sources(shown: Shown, from: Shown): [Source, ...Source[]] {
    if (!joinsBranches(shown.entry)) return [from];
    const [first = from, ...more] = sourcesOf(this.entries, shown.entry).map(({ key }) => this.shown.get(key)).filter((source) => source !== undefined);
    return [first, ...more];
  }

  /** Only lines that have a filter have a mark: a thousand funnels that
   *  nobody sees would slow everything down. */
  #bringFilter(shown: Shown, line: Line): void {
    if (line.filter.className === "is-empty") {
      discard(shown.filter);
      shown.filter = undefined;
      return;
    }
    const filter = paintFilter(line, countsOf(this.#marks?.get(shown.entry.key)), shown.filter);
    if (!shown.filter) this.#filters.append(filter);
    shown.filter = filter;
  }

  /** The funnel on a line that has no filter: the line that the pointer is on,
   *  else the one into the module that is selected, which is all that a finger
   *  or the keyboard has. */
  wrench(key: string | undefined): void {
    const line = this.shown.get(key ?? this.editor.selection.current ?? "")?.line;
    // Painted again under the pointer, it would be "entered" again, and so on
    // for ever: the browser then never gets to the press.
    if (line && this.#wrench && this.#wrenched === line) return;
    this.#wrenched = line;
    this.#wrench?.remove();
    this.#wrench = line?.filter.className === "is-empty" ? paintFilter(line, "") : undefined;
    if (this.#wrench) this.#filters.append(this.#wrench);
  }

  #drop(key: string): void {
    const shown = this.shown.get(key);
    const had = shown?.node.contains(document.activeElement);
    for (const element of [shown?.node, shown?.wire, shown?.filter]) discard(element);
    this.shown.delete(key);
    // The focus must not fall to the page: it goes to what came before.
    if (had && shown?.parent) this.element(shown.parent.key)?.focus();
  }

  #bringAreas(next: Area[]): void {
    const kept = new Set(next.map((area) => area.key));
    for (const [key, element] of this.#areaElements) {
      if (kept.has(key)) continue;
      element.remove();
      this.#areaElements.delete(key);
    }
    next.forEach((area) => {
      const old = this.#areaElements.get(area.key);
      const element = paintArea(area, old);
      this.#areaElements.set(area.key, element);
      if (this.#areaLayer.lastElementChild !== element) this.#areaLayer.append(element);
    });
    this.areas = next;
  }

  #bringNotes(all: readonly Entry[], points: readonly Point[]): void {
    const lines = [...this.shown.values()].map((shown) => shown.line).filter((line) => line !== undefined);
    this.notes = noteBoxes(this.editor.store.doc.root, all, points, lines);
    const kept = new Set(this.notes.map((note) => note.index));
    for (const [index, element] of this.#noteElements) {
      if (kept.has(index)) continue;
      element.remove();
      this.#noteElements.delete(index);
    }
    for (const note of this.notes) {
      const old = this.#noteElements.get(note.index);
      const element = paintNote(note, old);
      if (!old) this.#noteLayer.append(element);
      this.#noteElements.set(note.index, element);
    }
  }

  /** One big plus in the middle of an empty canvas. */
  #bringEmpty(): void {
    const isEmpty = this.shown.size === 0;
    if (isEmpty === (this.#first !== undefined)) return;
    if (!isEmpty) {
      this.#first?.remove();
      this.#first = undefined;
      return;
    }
    const label = (y: number, name: string, text: string) => {
      const element = svg("text", { class: name, y });
      element.textContent = text;
      return element;
    };
    this.#first = svg(
      "g",
      { class: "first", role: "button", tabindex: 0, "aria-label": `${words.addFirst}. ${words.addFirstHint}` },
      svg("circle", { class: "halo", r: 84 }),
      svg("circle", { class: "disc", r: 64 }),
      svg("path", { d: "M-22 0H22M0 -22V22" }),
      label(118, "name", words.addFirst),
      label(142, "kind", words.addFirstHint),
    );
    this.world.append(this.#first);
  }

  /** The big plus, while nothing else is there. */
  get first(): SVGGElement | undefined {
    return this.#first;
  }

  #select(): void {
    const { selection } = this.editor;
    for (const [key, shown] of this.shown) shown.node.classList.toggle("is-selected", selection.has(key));
    const current = selection.current;
    this.stop(current !== undefined && this.shown.has(current) ? current : this.#stop);
    this.wrench(undefined);
  }

  /** Makes one module the stop of the Tab key. */
  stop(key: string | undefined): void {
    const next = key !== undefined && this.shown.has(key) ? key : this.shown.keys().next().value;
    if (next === this.#stop && next !== undefined && this.shown.get(next)?.node.getAttribute("tabindex") === "0") return;
    if (this.#stop !== undefined) this.shown.get(this.#stop)?.node.setAttribute("tabindex", "-1");
    if (next !== undefined) this.element(next)?.setAttribute("tabindex", "0");
    this.#stop = next;
  }

  get tabStop(): string | undefined {
    return this.#stop;
  }

  /** The element of a module, in the page even if it is far from what is seen. */
  element(key: string): SVGGElement | undefined {
    this.uncull(key);
    return this.shown.get(key)?.node;
  }

  /** Draws modules elsewhere without touching the document: while dragging. */
  preview(moves: ReadonlyMap<string, Point>): void {
    for (const [key, at] of moves) {
      const shown = this.shown.get(key);
      if (!shown) continue;
      shown.at = at;
      translate(shown.node, at.x, at.y);
    }
    for (const shown of this.shown.values()) {
      if (moves.has(shown.entry.key) || (shown.parent && moves.has(shown.parent.key)) || joinsBranches(shown.entry)) this.#bringLine(shown);
    }
    if (this.areas.some((area) => area.keys.some((key) => moves.has(key)))) this.#bringAreas(areas(this.entries, this.entries.map((entry) => this.shown.get(entry.key)?.at ?? { x: 0, y: 0 })));
  }

  /** The line from an ear to the pointer, while a link is drawn. */
  rubber(from: Shown | undefined, to?: Point): void {
    this.world.querySelector("#rubber")?.remove();
    if (!from || !to) return;
    const [start] = curve(from.at, from.at, "flow");
    const [, first, second, end] = bent(start, to);
    const d = `M${start.x} ${start.y} C${first.x} ${first.y} ${second.x} ${second.y} ${end.x} ${end.y}`;
    this.world.append(svg("path", { id: "rubber", class: "link", "data-app": appOf(from.entry), d }));
  }

  /** Shows what a run did; `undefined` takes all bubbles away. */
  marks(marks: ReadonlyMap<string, Mark> | undefined): void {
    const before = this.#marks;
    this.#marks = marks;
    for (const [key, shown] of this.shown) {
      const [old, mark] = [before?.get(key), marks?.get(key)];
      if (markSame(old, mark)) continue;
      this.#finish(shown);
      shown.node.classList.toggle("is-busy", (mark?.running ?? 0) > 0);
      shown.wire?.classList.toggle("is-running", (mark?.running ?? 0) > 0);
      if (shown.line && shown.filter && countsOf(old) !== countsOf(mark)) paintFilter(shown.line, countsOf(mark), shown.filter);
    }
  }

  mark(key: string): Mark | undefined {
    return this.#marks?.get(key);
  }

  /** Draws all modules again: apps or problems are known better now. */
  repaint(): void {
    for (const shown of this.shown.values()) {
      const look = this.looks.of(shown.entry);
      // Only the signs of problems are not the server's.
      const isSame = shown.isServers ? !look.hasProblem : JSON.stringify(look) === JSON.stringify(shown.look);
      shown.look = look;
      if (isSame) this.#finish(shown);
      else this.#repaint(shown);
    }
  }

  /** The edges of everything that is drawn. */
  bounds(): Box | undefined {
    const boxes: Box[] = this.points.map(({ x, y }) => ({ left: x - 90, top: y - 84, right: x + 90, bottom: y + 110 }));
    if (!this.#noteLayer.classList.contains("is-hidden")) boxes.push(...this.notes.map((note) => ({ left: note.x, top: note.y, right: note.x + note.width, bottom: note.y + note.height })));
    return boxes.reduce<Box | undefined>((all, box) => (all ? { left: Math.min(all.left, box.left), top: Math.min(all.top, box.top), right: Math.max(all.right, box.right), bottom: Math.max(all.bottom, box.bottom) } : box), undefined);
  }

  /** Puts a module back that was taken out for being far away. */
  uncull(key: string): void {
    const shown = this.shown.get(key);
    if (!shown?.isCulled) return;
    shown.isCulled = false;
    put(shown.node, false);
  }

  hideNotes(isHidden: boolean): void {
    this.#noteLayer.classList.toggle("is-hidden", isHidden);
  }
}
