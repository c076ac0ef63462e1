/** What part of the drawing is seen, and how large. Only the transform of the
 *  world changes; the view of each scenario is kept for the session. */
import { cull } from "./culling";
import { h, must } from "./dom";
import type { Editor } from "./editor";
import type { Note } from "./blueprint";
import { type Point, fromMake } from "./geometry";
import { NOTE_WIDTH } from "./notes-layer";
import type { Box, Scene } from "./scene";
import { onAct } from "./shell";
import { words } from "./words/canvas";

export interface View {
  x: number;
  y: number;
  scale: number;
}

const SMALLEST = 0.12;
const LARGEST = 2;
/** Below this, names cannot be read and are not drawn. */
const FAR = 0.4;
/** Below this a disc is smaller than 14 px, too small for an icon. */
const TINY = 0.15;
/** From so many modules on, what is far outside is hidden. */
const MANY = 150;
/** So many screens around the view stay drawn; before the view has moved
 *  further than `HOLDS`, nothing is looked at again. */
const AROUND = 0.35;
const HOLDS = 0.2;
/** From so many modules on, zooming stretches what is drawn and draws anew when
 *  it comes to rest, or when the stretch would be seen too much. */
const HEAVY = 60;
const STRETCH = { least: 0.55, most: 1.8 };
const REST = 140;
/** Less than this beside a panel is no room for a module. */
const LEAST = 200;

export class Viewport extends EventTarget {
  readonly stage = must<HTMLElement>("#stage");
  view: View = { x: 0, y: 0, scale: 1 };
  #key: string;
  #zoomText = document.querySelector("#zoom");
  #frame = 0;
  #saving: ReturnType<typeof setTimeout> | undefined;
  /** Where culling was done last; it holds for some way. */
  #culledAt: View | undefined;
  #ground = h("div", { id: "ground" });
  /** The view that the drawing was last drawn for. */
  #drawn: View = { x: 0, y: 0, scale: 0 };
  #resting: ReturnType<typeof setTimeout> | undefined;
  #step = 0;
  /** Where the stage is. Asking the page in the middle of a change would make
   *  it lay everything out at once, so it is asked when the stage changes. */
  #box = { left: 0, top: 0, width: 0, height: 0 };

  constructor(
    editor: Editor,
    private readonly scene: Scene,
  ) {
    super();
    this.#key = `view-${editor.boot.scenario.id}`;
    this.#measure();
    this.stage.prepend(this.#ground);
    scene.svg.removeAttribute("viewBox");
    const kept = this.#kept();
    if (kept) this.view = kept;
    else this.fit();
    this.#show();
    new ResizeObserver(() => {
      this.#measure();
      this.#later();
    }).observe(this.stage);
    this.stage.addEventListener("pointerdown", () => this.#measure(), true);
    scene.addEventListener("drawn", () => {
      this.#culledAt = undefined;
      this.#later();
    });
    onAct(editor, "fit", () => this.fit());
    onAct(editor, "zoom-in", () => this.zoom(1.25));
    onAct(editor, "zoom-out", () => this.zoom(0.8));
    this.stage.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    this.#listenForGestures();
  }

  #kept(): View | undefined {
    try {
      const kept = JSON.parse(sessionStorage.getItem(this.#key) ?? "null") as View | null;
      const isView = kept !== null && [kept.x, kept.y, kept.scale].every(Number.isFinite) && kept.scale >= SMALLEST && kept.scale <= LARGEST;
      // A view of nothing helps nobody: the modules may have moved meanwhile.
      if (!isView) return undefined;
      const { width, height } = this.size();
      const isSeen = ({ x, y }: Point) => x * kept.scale + kept.x > 0 && x * kept.scale + kept.x < width && y * kept.scale + kept.y > 0 && y * kept.scale + kept.y < height;
      return this.scene.points.some(isSeen) ? kept : undefined;
    } catch {
      return undefined;
    }
  }

  #measure(): void {
    const { left, top, width, height } = this.stage.getBoundingClientRect();
    this.#box = { left, top, width: width || innerWidth, height: height || innerHeight };
  }

  size(): { width: number; height: number } {
    return this.#box;
  }

  /** What lies over the stage: the dock below, at the right an open panel, with
   *  the mapping panel beside it as long as some room is left. */
  inset(): { right: number; bottom: number } {
    const frame = this.stage.getBoundingClientRect();
    const over = (selector: string) => document.querySelector<HTMLElement>(selector)?.getBoundingClientRect();
    const [dock, card, side, mapping] = [over("#dock"), over("#run-card:not([hidden])"), over("#side:not([hidden])"), over("#mapping:not([hidden]) .mapping-panel")];
    const isSheet = side !== undefined && side.width > frame.width * 0.8;
    const bottom = Math.max(dock ? frame.bottom - dock.top : 0, card ? frame.bottom - card.top : 0, side && isSheet ? frame.bottom - side.top : 0);
    const sides = [side, mapping].filter((box) => box !== undefined && !isSheet && box.left - frame.left >= LEAST) as DOMRect[];
    return { right: Math.max(0, ...sides.map((box) => frame.right - box.left)), bottom: Math.max(0, bottom) };
  }

  fromWindow(point: Point): Point {
    const frame = this.#box;
    return { x: (point.x - frame.left - this.view.x) / this.view.scale, y: (point.y - frame.top - this.view.y) / this.view.scale };
  }

  toWindow(point: Point): Point {
    const frame = this.#box;
    return { x: point.x * this.view.scale + this.view.x + frame.left, y: point.y * this.view.scale + this.view.y + frame.top };
  }

  /** The middle of what is seen, in pixels of the drawing. */
  middle(): Point {
    const { width, height } = this.size();
    const inset = this.inset();
    return { x: ((width - inset.right) / 2 - this.view.x) / this.view.scale, y: ((height - inset.bottom) / 2 - this.view.y) / this.view.scale };
  }

  panBy(x: number, y: number): void {
    this.view = { ...this.view, x: this.view.x + x, y: this.view.y + y };
    this.#later();
  }

  /** Zooms around a point of the window; without one, around the middle. */
  zoom(factor: number, around?: Point): void {
    const frame = this.#box;
    const inset = around ? { right: 0, bottom: 0 } : this.inset();
    const x = around ? around.x - frame.left : (frame.width - inset.right) / 2;
    const y = around ? around.y - frame.top : (frame.height - inset.bottom) / 2;
    const scale = Math.min(LARGEST, Math.max(SMALLEST, this.view.scale * factor));
    const real = scale / this.view.scale;
    this.view = { scale, x: x - (x - this.view.x) * real, y: y - (y - this.view.y) * real };
    // A wheel or two fingers zoom in many steps, which end some time.
    if (around && this.scene.shown.size > HEAVY) this.#awaitRest();
    this.#later();
  }

  /** Real size, around the middle. */
  whole(): void {
    this.zoom(1 / this.view.scale);
  }

  /** Everything, but never so small that nothing can be read: then it starts
   *  at the first module. */
  fit(): void {
    const bounds = this.scene.bounds() ?? { left: -300, top: -200, right: 300, bottom: 200 };
    const { width, height } = this.size();
    const inset = this.inset();
    const [free, high] = [width - inset.right, height - inset.bottom];
    const [wide, tall] = [bounds.right - bounds.left, bounds.bottom - bounds.top];
    const exact = Math.min((free - 32) / wide, (high - 32) / tall, 1);
    const scale = Math.max(exact, width < 700 ? 0.6 : 0.3);
    const middle = { x: (bounds.left + bounds.right) / 2, y: (bounds.top + bounds.bottom) / 2 };
    const first = this.scene.shown.values().next().value?.at ?? middle;
    const x = exact < scale && wide * scale > free ? 24 - (first.x - 90) * scale : free / 2 - middle.x * scale;
    const y = exact < scale && tall * scale > high ? high / 2 - first.y * scale : high / 2 - middle.y * scale;
    this.view = { x, y, scale };
    this.#later();
  }

  /** Moves the view until a module is seen, and not under dock or panel. */
  reveal(key: string): void {
    const shown = this.scene.shown.get(key);
    if (!shown) return;
    this.scene.uncull(key);
    const { x, y } = shown.at;
    this.#bringInto({ left: x - 90, top: y - 84, right: x + 90, bottom: y + 110 });
  }

  /** The same for a note, or for where it will lie once it has a text. */
  revealNote({ index, place }: Note): void {
    const box = this.scene.notes.find((other) => other.index === index);
    const at = box ?? (place && fromMake(place));
    if (at) this.#bringInto({ left: at.x, top: at.y, right: at.x + NOTE_WIDTH, bottom: at.y + (box?.height ?? 60) });
  }

  /** The card of a run covers no module as far as that can be had: it stands in
   *  the middle or else at the left, or the view moves up until what is seen
   *  would leave at the top. */
  giveWay(card: HTMLElement): void {
    card.removeAttribute("data-at");
    if (card.hidden) return;
    this.#measure();
    const { left, top, width, height } = this.#box;
    const boxes = this.scene.points.map(({ x, y }) => ({ from: this.toWindow({ x: x - 80, y: y - 78 }), to: this.toWindow({ x: x + 80, y: y + 106 }) }));
    const seen = boxes.filter(({ from, to }) => to.y > top && from.y < top + height && to.x > left && from.x < left + width);
    const covered = (over: DOMRect) => seen.filter(({ from, to }) => from.x < over.right && to.x > over.left && to.y > over.top && from.y < over.bottom);
    const middle = card.getBoundingClientRect();
    if (covered(middle).length === 0) return;
    if (covered(new DOMRect(left + 16, middle.top, middle.width, middle.height)).length === 0) {
      card.dataset.at = "left";
      return;
    }
    const wanted = Math.max(...covered(middle).map(({ to }) => to.y)) - middle.top + 8;
    const room = Math.min(...seen.map(({ from }) => from.y)) - top - 8;
    if (room > 0) this.panBy(0, -Math.min(wanted, room));
  }

  #bringInto(box: Box): void {
    this.#measure();
    const { width, height } = this.size();
    const inset = this.inset();
    const way = wayInto(box, this.view, { width: width - inset.right, height: height - inset.bottom });
    if (way.x !== 0 || way.y !== 0) this.panBy(way.x, way.y);
  }

  /** Wheel and trackpad pan; with Ctrl, or a pinch on a pad, they zoom. */
  #wheel(event: WheelEvent): void {
    event.preventDefault();
    const unit = event.deltaMode === 1 ? 32 : event.deltaMode === 2 ? 400 : 1;
    const [x, y] = [event.deltaX * unit, event.deltaY * unit];
    if (event.ctrlKey || event.metaKey) this.zoom(Math.exp(-Math.max(-60, Math.min(60, y)) * 0.005), { x: event.clientX, y: event.clientY });
    else if (event.shiftKey && x === 0) this.panBy(-y, 0);
    else this.panBy(-x, -y);
  }

  /** Safari tells of a pinch on a pad in its own way. */
  #listenForGestures(): void {
    let before = 1;
    this.stage.addEventListener("gesturestart", (event) => {
      event.preventDefault();
      before = 1;
    });
    this.stage.addEventListener("gesturechange", (event) => {
      event.preventDefault();
      const { scale, clientX, clientY } = event as unknown as { scale: number; clientX: number; clientY: number };
      this.zoom(scale / before, { x: clientX, y: clientY });
      before = scale;
    });
  }

  /** One drawing a frame, however many events there were. */
  #later(): void {
    this.#frame ||= requestAnimationFrame(() => this.#show());
  }

  #show(): void {
    this.#frame = 0;
    const { scale } = this.view;
    if (this.#resting !== undefined && isWithin(scale / this.#drawn.scale)) this.#stretch();
    else this.#draw();
    this.#showGrid();
    const percent = words.zoomed(Math.round(scale * 100));
    if (this.#zoomText && this.#zoomText.textContent !== percent) this.#zoomText.textContent = percent;
    clearTimeout(this.#saving);
    this.#saving = setTimeout(() => this.#save(), 300);
    this.dispatchEvent(new Event("view"));
  }

  #draw(): void {
    const { x, y, scale } = this.view;
    this.#drawn = this.view;
    this.scene.svg.style.transform = "";
    this.scene.world.setAttribute("transform", `translate(${x.toFixed(2)} ${y.toFixed(2)}) scale(${scale.toFixed(4)})`);
    this.stage.classList.toggle("far", scale < FAR);
    this.stage.classList.toggle("tiny", scale < TINY);
    this.#keepPlus(scale);
    this.#cull();
    // Large drawings are hidden until it is known what of them is seen.
    this.stage.classList.add("is-drawn");
  }

  /** Moves the picture that is there: nothing of it is drawn again. */
  #stretch(): void {
    const { x, y, scale } = this.view;
    const drawn = this.#drawn;
    const real = scale / drawn.scale;
    this.scene.svg.style.transform = `translate(${(x - drawn.x * real).toFixed(2)}px, ${(y - drawn.y * real).toFixed(2)}px) scale(${real.toFixed(5)})`;
  }

  #awaitRest(): void {
    clearTimeout(this.#resting);
    this.stage.classList.add("is-zooming");
    this.#resting = setTimeout(() => {
      this.#resting = undefined;
      this.stage.classList.remove("is-zooming");
      this.#later();
    }, REST);
  }

  /** Zoomed out the plus of a module keeps a size that can be hit; in few steps,
   *  as each makes all of them be looked at again. */
  #keepPlus(scale: number): void {
    const larger = scale >= 0.75 ? 1 : Math.ceil((0.75 / Math.max(scale, FAR)) * 8) / 8;
    const reach = Math.max(1, Math.ceil(8 / (Math.max(scale, FAR) * larger)) / 8);
    for (const [name, value] of [["--plus", larger], ["--plus-reach", reach]] as const) {
      if (this.stage.style.getPropertyValue(name) !== String(value)) this.stage.style.setProperty(name, String(value));
    }
  }

  /** The dots of the ground move along; zoomed out, only every second stays.
   *  They lie on a sheet of their own: as the background of the stage they would
   *  have all modules painted again at every step. */
  #showGrid(): void {
    const { x, y, scale } = this.view;
    const step = 20 * scale * (scale < 0.3 ? 4 : scale < 0.6 ? 2 : 1);
    if (step !== this.#step) this.#ground.style.backgroundSize = `${step}px ${step}px`;
    this.#step = step;
    this.#ground.style.transform = `translate(${(x % step).toFixed(2)}px, ${(y % step).toFixed(2)}px)`;
  }

  #cull(): void {
    if (this.scene.shown.size <= MANY) {
      if (this.#culledAt) cull(this.scene.shown.values(), undefined);
      this.#culledAt = undefined;
      return;
    }
    const { width, height } = this.size();
    const last = this.#culledAt;
    const isNear = last?.scale === this.view.scale && Math.abs(last.x - this.view.x) < width * HOLDS && Math.abs(last.y - this.view.y) < height * HOLDS;
    if (isNear) return;
    this.#culledAt = { ...this.view };
    cull(this.scene.shown.values(), this.seen(AROUND), this.scene.tabStop);
  }

  /** What is seen, in pixels of the drawing, with some screens around it. */
  seen(around = 0): Box {
    const { x, y, scale } = this.view;
    const { width, height } = this.size();
    return { left: (-x - width * around) / scale, top: (-y - height * around) / scale, right: (width * (1 + around) - x) / scale, bottom: (height * (1 + around) - y) / scale };
  }

  #save(): void {
    try {
      sessionStorage.setItem(this.#key, JSON.stringify(this.view));
    } catch {
      // A full or forbidden storage only costs the view.
    }
  }
}

/** How far the view must move until a box of the drawing is inside the free
 *  part of the window; nothing when it is. */
export function wayInto(box: Box, { x, y, scale }: View, free: { width: number; height: number }): Point {
  const step = (low: number, high: number, end: number, more: number) => {
    if (low >= 8 && high <= end - 8) return 0;
    if (high - low > end - 16) return end / 2 - (low + high) / 2;
    // Once it has to move, it moves further, to show what is around.
    const room = Math.min(more, end - 16 - (high - low));
    return low < 8 ? 8 - low + room : end - 8 - high - room;
  };
  return { x: step(box.left * scale + x, box.right * scale + x, free.width, 120), y: step(box.top * scale + y, box.bottom * scale + y, free.height, 60) };
}

function isWithin(stretch: number): boolean {
  return stretch >= STRETCH.least && stretch <= STRETCH.most;
}
