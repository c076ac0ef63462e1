/** Mouse, pen and fingers on the canvas: moves modules and notes, draws links,
 *  selects with a frame, pans and pinches. While something moves the document
 *  is not touched; letting go is one step of undo. */
import { apply, connect, dropOnLink, isIfElse, isPlaceholder, isRouter, setNote } from "./blueprint";
import { svg } from "./dom";
import { type Drop, commitMove, dropFor, hangsOn } from "./drops";
import type { Editor } from "./editor";
import { type Point, RADIUS, snap, toMake } from "./geometry";
import type { Scene, Shown } from "./scene";
import type { Where } from "./services";
import { type Target, targetOf } from "./targets";
import { tell } from "./tell";
import type { Viewport } from "./viewport";
import { words } from "./words/canvas";

type Gesture =
  | { kind: "pan" }
  | { kind: "box"; frame: SVGRectElement; kept: readonly string[] }
  | { kind: "move"; from: Map<string, Point>; to: Map<string, Point>; loose: string | undefined; drop: Drop | undefined }
  | { kind: "link"; from: Shown; drop: Drop | undefined }
  | { kind: "note"; index: number; element: SVGElement; by: Point };

interface Press {
  id: number;
  target: Target;
  at: Point;
  last: Point;
  isTouch: boolean;
  isPan: boolean;
  withShift: boolean;
  gesture: Gesture | undefined;
}

const TRAVEL = 4;
const TOUCH_TRAVEL = 9;
const LONG_PRESS = 550;
const EDGE = 36;

export class Pointer {
  #press: Press | undefined;
  #fingers = new Map<number, Point>();
  #longPress: ReturnType<typeof setTimeout> | undefined;
  #frame = 0;
  #menuAt = 0;

  constructor(
    private readonly editor: Editor,
    private readonly scene: Scene,
    private readonly viewport: Viewport,
  ) {
    const { stage } = viewport;
    stage.addEventListener("pointerdown", (event) => this.#down(event));
    stage.addEventListener("pointermove", (event) => this.#move(event));
    stage.addEventListener("pointerup", (event) => this.#up(event));
    stage.addEventListener("pointercancel", (event) => this.#cancel(event));
    // What a tap opens may lie under the finger: the click that the browser
    // makes of it afterwards would press it at once.
    stage.addEventListener(
      "touchend",
      (event) => {
        if (event.cancelable && (event.target as Element).closest("#canvas")) event.preventDefault();
      },
      { passive: false },
    );
    stage.addEventListener("contextmenu", (event) => this.#contextMenu(event));
    stage.addEventListener("dragstart", (event) => event.preventDefault());
    // A screen reader presses without a pointer.
    stage.addEventListener("click", (event) => {
      if (event.detail === 0) this.activate(targetOf(event.target as Element));
    });
    stage.addEventListener("pointerover", (event) => this.#hover(event));
    addEventListener(
      "keydown",
      (event) => {
        if (event.key !== "Escape" || !this.#press?.gesture) return;
        event.preventDefault();
        event.stopPropagation();
        this.#revert();
      },
      true,
    );
  }

  /** Whether a pointer is down: then the focus is not the keyboard's. */
  get isDown(): boolean {
    return this.#press !== undefined;
  }

  #down(event: PointerEvent): void {
    if (event.pointerType === "touch") {
      this.#fingers.set(event.pointerId, at(event));
      if (this.#fingers.size === 2) {
        this.#revert();
        clearTimeout(this.#longPress);
        return;
      }
    }
    if (this.#press || event.button > 1) return;
    const target = targetOf(event.target as Element);
    const isTouch = event.pointerType === "touch";
    this.#press = { id: event.pointerId, target, at: at(event), last: at(event), isTouch, isPan: event.button === 1, withShift: event.shiftKey, gesture: undefined };
    if (event.button === 1) event.preventDefault();
    if (isTouch) this.#longPress = setTimeout(() => this.#pressedLong(), LONG_PRESS);
  }

  #move(event: PointerEvent): void {
    if (this.#fingers.has(event.pointerId)) {
      const before = this.#fingers.get(event.pointerId) as Point;
      this.#fingers.set(event.pointerId, at(event));
      if (this.#fingers.size === 2) return this.#pinch(event, before);
    }
    const press = this.#press;
    if (!press || press.id !== event.pointerId) return;
    const before = press.last;
    press.last = at(event);
    if (!press.gesture) {
      const travel = Math.hypot(press.last.x - press.at.x, press.last.y - press.at.y);
      if (travel <= (press.isTouch ? TOUCH_TRAVEL : TRAVEL)) return;
      clearTimeout(this.#longPress);
      press.gesture = this.#begin(press);
      this.viewport.stage.setPointerCapture(press.id);
      this.viewport.stage.dataset.gesture = press.gesture.kind;
    }
    if (press.gesture.kind === "pan") this.viewport.panBy(press.last.x - before.x, press.last.y - before.y);
    else this.#frame ||= requestAnimationFrame(() => this.#step());
  }

  #begin(press: Press): Gesture {
    const { target } = press;
    if (!press.isPan) {
      if (target.kind === "ear" && !press.withShift) return { kind: "link", from: this.scene.shown.get(target.key) as Shown, drop: undefined };
      if ((target.kind === "module" || target.kind === "bubble") && !press.withShift) return this.#beginMove(target.key);
      if (target.kind === "note") return { kind: "note", index: Number(target.key), element: target.element, by: { x: 0, y: 0 } };
      if (press.withShift) {
        const frame = svg("rect", { id: "lasso" });
        this.scene.svg.append(frame);
        return { kind: "box", frame, kept: this.editor.selection.keys };
      }
    }
    return { kind: "pan" };
  }

  #beginMove(key: string): Gesture {
    const { selection } = this.editor;
    if (!selection.has(key)) selection.set([key]);
    let moved = selection.keys.map((key) => this.scene.shown.get(key)).filter((shown) => shown !== undefined);
    const only = moved.length === 1 ? moved[0] : undefined;
    const loose = only?.entry.isOrphan && only.entry.parent === undefined ? only.entry.key : undefined;
    // A loose part is carried by its head.
    if (loose !== undefined) moved = [...this.scene.shown.values()].filter((shown) => hangsOn(this.scene, shown, loose));
    const from = new Map(moved.map((shown) => [shown.entry.key, shown.at]));
    for (const shown of moved) shown.node.classList.add("is-moving");
    return { kind: "move", from, to: from, loose, drop: undefined };
  }

  /** One step of what moves, at most once a frame. */
  #step(): void {
    this.#frame = 0;
    const press = this.#press;
    const gesture = press?.gesture;
    if (!press || !gesture || gesture.kind === "pan") return;
    const { scale } = this.viewport.view;
    const here = this.viewport.fromWindow(press.last);
    const start = this.viewport.fromWindow(press.at);
    const by = { x: here.x - start.x, y: here.y - start.y };
    if (gesture.kind === "move") {
      gesture.to = new Map([...gesture.from].map(([key, from]) => [key, { x: snap(from.x + by.x), y: snap(from.y + by.y) }]));
      this.scene.preview(gesture.to);
      if (gesture.loose) this.#aim(gesture, dropFor(this.scene, this.viewport, here, gesture.loose, gesture.to.get(gesture.loose)));
    } else if (gesture.kind === "link") {
      const drop = dropFor(this.scene, this.viewport, here, gesture.from.entry.key);
      this.#aim(gesture, drop);
      const taken = drop?.kind === "module" ? this.scene.shown.get(drop.key)?.at : undefined;
      this.scene.rubber(gesture.from, taken ? { x: taken.x - RADIUS - 18, y: taken.y } : here);
    } else if (gesture.kind === "note") {
      gesture.by = { x: snap(by.x), y: snap(by.y) };
      gesture.element.querySelector(".note-line")?.setAttribute("visibility", "hidden");
      gesture.element.setAttribute("transform", `translate(${gesture.by.x} ${gesture.by.y})`);
    } else this.#drawFrame(press, gesture.frame);
    this.#followEdge(press, scale);
  }

  #drawFrame(press: Press, frame: SVGRectElement): void {
    const box = this.viewport.stage.getBoundingClientRect();
    const [x, y] = [Math.min(press.at.x, press.last.x) - box.left, Math.min(press.at.y, press.last.y) - box.top];
    const size = { x, y, width: Math.abs(press.at.x - press.last.x), height: Math.abs(press.at.y - press.last.y) };
    for (const [name, value] of Object.entries(size)) frame.setAttribute(name, String(value));
  }

  /** At the edge of the stage the view goes along. */
  #followEdge(press: Press, scale: number): void {
    const frame = this.viewport.stage.getBoundingClientRect();
    const pull = (low: number, high: number) => (low < EDGE ? 1 : high < EDGE ? -1 : 0);
    const x = pull(press.last.x - frame.left, frame.right - press.last.x);
    const y = pull(press.last.y - frame.top, frame.bottom - press.last.y);
    if ((x === 0 && y === 0) || press.gesture?.kind === "box") return;
    this.viewport.panBy(x * 9, y * 9);
    // The start goes along, in pixels of the window, so that nothing jumps.
    press.at = { x: press.at.x + x * 9, y: press.at.y + y * 9 };
    if (scale > 0) this.#frame ||= requestAnimationFrame(() => this.#step());
  }

  #aim(gesture: Gesture & { drop: Drop | undefined }, drop: Drop | undefined): void {
    if (gesture.drop?.kind === drop?.kind && gesture.drop?.key === drop?.key) return;
    const mark = (drop: Drop | undefined, isOn: boolean) => {
      const shown = drop && this.scene.shown.get(drop.key);
      (drop?.kind === "module" ? shown?.node : shown?.wire)?.classList.toggle("is-target", isOn);
    };
    mark(gesture.drop, false);
    mark(drop, true);
    gesture.drop = drop;
  }

  #up(event: PointerEvent): void {
    this.#fingers.delete(event.pointerId);
    clearTimeout(this.#longPress);
    const press = this.#press;
    if (!press || press.id !== event.pointerId) return;
    // The last step may still be waiting for its frame.
    if (this.#frame) cancelAnimationFrame(this.#frame), this.#step();
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#press = undefined;
    const { gesture } = press;
    if (gesture) this.#finish(gesture, press);
    else if (!press.isPan) {
      // The target of the event is whoever has the pointer, so it is asked again.
      const target = targetOf(document.elementFromPoint(event.clientX, event.clientY));
      if (target.kind === press.target.kind && target.key === press.target.key) this.#click(target, event);
    }
  }

  #click(target: Target, event: PointerEvent): void {
    if ((event.shiftKey || event.ctrlKey || event.metaKey) && (target.kind === "module" || target.kind === "bubble" || target.kind === "ear")) {
      this.editor.selection.toggle(target.key);
      return tell(words.selected(this.editor.selection.keys.length));
    }
    this.activate(target, { x: event.clientX, y: event.clientY });
  }

  /** What a press on something does, by pointer or by a screen reader. */
  activate(target: Target, point?: Point): void {
    const { editor } = this;
    const add = (where: Where) => editor.services.picker?.open(where, point ?? target.element);
    if (target.kind === "canvas") return editor.selection.set([]);
    if (target.kind === "first") return add({ place: this.viewport.middle() });
    if (target.kind === "note") return editor.open({ kind: "note", index: Number(target.key) });
    editor.selection.set([target.key]);
    const shown = this.scene.shown.get(target.key);
    if (target.kind === "ear") add({ after: target.key });
    else if (target.kind === "bubble") editor.open({ kind: "inspect", key: target.key });
    else if (target.kind !== "module") editor.open({ kind: "filter", key: target.key });
    else if (shown && isPlaceholder(shown.entry.module)) add({ instead: target.key });
    else editor.open({ kind: "module", key: target.key });
  }

  #finish(gesture: Gesture, press: Press): void {
    delete this.viewport.stage.dataset.gesture;
    if (gesture.kind === "box") this.#selectIn(press, gesture);
    if (gesture.kind === "note") this.#dropNote(gesture);
    if (gesture.kind === "move") this.#dropModules(gesture);
    if (gesture.kind === "link") this.#dropLink(gesture, press);
  }

  #dropModules(gesture: Gesture & { kind: "move" }): void {
    const { drop, loose } = gesture;
    this.#aim(gesture, undefined);
    for (const key of gesture.from.keys()) this.scene.element(key)?.classList.remove("is-moving");
    if (drop && loose !== undefined) {
      this.scene.preview(gesture.from);
      return this.#take(drop, loose, drop.kind === "module" ? drop.key : undefined);
    }
    commitMove(this.editor, this.scene, gesture.from, gesture.to);
  }

  #dropLink(gesture: Gesture & { kind: "link" }, press: Press): void {
    const { drop } = gesture;
    this.#aim(gesture, undefined);
    this.scene.rubber(undefined);
    const { key } = gesture.from.entry;
    if (drop?.kind === "module") return void apply(this.editor, connect(this.editor.store.doc, key, drop.key, this.scene.looks.catalogue));
    if (drop) return this.#take(drop, this.#headOf(key), undefined);
    this.editor.selection.set([key]);
    this.editor.services.picker?.open({ after: key }, press.last);
  }

  /** A loose part goes behind a module or onto a line. */
  #take(drop: Drop, loose: string, after: string | undefined): void {
    const { catalogue } = this.scene.looks;
    const { doc } = this.editor.store;
    const edit = after === undefined ? dropOnLink(doc, loose, drop.key, catalogue) : connect(doc, after, loose, catalogue, { brings: true });
    if (!apply(this.editor, edit)) this.scene.update();
  }

  /** The first module of a loose part. */
  #headOf(key: string): string {
    let head = this.scene.shown.get(key);
    for (let next = head; next; next = next.parent && this.scene.shown.get(next.parent.key)) head = next;
    return head?.entry.key ?? key;
  }

  #dropNote(gesture: Gesture & { kind: "note" }): void {
    const note = this.scene.notes.find((other) => other.index === gesture.index);
    gesture.element.querySelector(".note-line")?.removeAttribute("visibility");
    gesture.element.removeAttribute("transform");
    if (note) apply(this.editor, setNote(this.editor.store.doc, note.index, { place: toMake({ x: note.x + gesture.by.x, y: note.y + gesture.by.y }) }));
  }

  #selectIn(press: Press, gesture: Gesture & { kind: "box" }): void {
    gesture.frame.remove();
    const [a, b] = [this.viewport.fromWindow(press.at), this.viewport.fromWindow(press.last)];
    const within = ({ at }: Shown) => at.x >= Math.min(a.x, b.x) && at.x <= Math.max(a.x, b.x) && at.y >= Math.min(a.y, b.y) && at.y <= Math.max(a.y, b.y);
    const found = [...this.scene.shown.values()].filter(within).map((shown) => shown.entry.key);
    this.editor.selection.set([...gesture.kept, ...found]);
    tell(words.selected(this.editor.selection.keys.length));
    const last = found.at(-1);
    if (last !== undefined) this.scene.element(last)?.focus({ preventScroll: true });
  }

  /** Two fingers zoom around their middle and pan with it. */
  #pinch(event: PointerEvent, before: Point): void {
    const other = [...this.#fingers].find(([id]) => id !== event.pointerId)?.[1];
    if (!other) return;
    const span = (point: Point) => Math.max(1, Math.hypot(point.x - other.x, point.y - other.y));
    this.viewport.panBy((event.clientX - before.x) / 2, (event.clientY - before.y) / 2);
    this.viewport.zoom(span(at(event)) / span(before), { x: (event.clientX + other.x) / 2, y: (event.clientY + other.y) / 2 });
  }

  #cancel(event: PointerEvent): void {
    this.#fingers.delete(event.pointerId);
    clearTimeout(this.#longPress);
    if (this.#press?.id === event.pointerId) this.#revert();
  }

  /** Nothing has happened: everything stands where the document says. */
  #revert(): void {
    const press = this.#press;
    this.#press = undefined;
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const gesture = press?.gesture;
    if (!gesture) return;
    delete this.viewport.stage.dataset.gesture;
    if (gesture.kind === "box") gesture.frame.remove();
    if (gesture.kind === "move" || gesture.kind === "link") this.#aim(gesture, undefined);
    if (gesture.kind === "move") for (const key of gesture.from.keys()) this.scene.element(key)?.classList.remove("is-moving");
    this.scene.rubber(undefined);
    this.scene.update();
  }

  #pressedLong(): void {
    const press = this.#press;
    if (!press || press.gesture) return;
    this.#press = undefined;
    this.#menuAt = Date.now();
    this.menu(press.target, press.at);
  }

  #contextMenu(event: MouseEvent): void {
    event.preventDefault();
    // A long press was answered already; some systems tell of it once more.
    if (Date.now() - this.#menuAt < 900) return;
    this.#revert();
    this.menu(targetOf(event.target as Element), at(event));
  }

  /** Asks for the menu of something: see the contract. */
  menu(target: Target, point: Point): void {
    if (target.kind === "first") return;
    const shown = this.scene.shown.get(target.key);
    const isModule = target.kind === "module" || target.kind === "ear" || target.kind === "bubble";
    if (isModule && !this.editor.selection.has(target.key)) this.editor.selection.set([target.key]);
    const isSplit = shown && (isRouter(shown.entry.module) || isIfElse(shown.entry.module));
    const kind = isModule ? (isSplit ? "router" : "module") : target.kind === "note" ? "note" : target.kind === "canvas" ? "canvas" : "link";
    this.editor.signals.dispatchEvent(new CustomEvent("menu", { detail: { target: kind, key: target.key, at: point } }));
  }

  /** The funnel of a line shows while the pointer is on the line, or on the
   *  module that it leads into. */
  #hover(event: PointerEvent): void {
    if (this.#press || event.pointerType === "touch") return;
    const { kind, key } = targetOf(event.target as Element);
    this.scene.wrench(kind === "link" || kind === "filter" || kind === "module" ? key : undefined);
  }
}

function at(event: MouseEvent): Point {
  return { x: event.clientX, y: event.clientY };
}
