/** The whole scenario in a corner, when it is larger than the window. Only for
 *  the eye and the mouse: keys have "show all" and the walk along the flow. */
import { h, svg } from "./dom";
import type { Editor } from "./editor";
import { appOf } from "./lines";
import type { Scene } from "./scene";
import { words } from "./words/canvas";
import type { Viewport } from "./viewport";

const SIZE = { width: 208, height: 132 };
/** Shown when the drawing is so much larger than what is seen at 60 %. */
const LARGE = 1.7;

export class Minimap {
  #box: HTMLElement;
  #dots = svg("g");
  #frame = svg("rect", { class: "seen" });
  #picture = svg("svg", { "aria-hidden": "true" }, this.#dots, this.#frame);
  #waiting = 0;

  constructor(
    _editor: Editor,
    private readonly scene: Scene,
    private readonly viewport: Viewport,
  ) {
    this.#box = document.querySelector<HTMLElement>("#minimap") ?? h("div", { id: "minimap", hidden: true });
    if (!this.#box.isConnected) viewport.stage.after(this.#box);
    this.#box.title = words.minimap;
    this.#box.append(this.#picture);
    scene.addEventListener("drawn", () => this.#later());
    viewport.addEventListener("view", () => this.#showFrame());
    this.#box.addEventListener("pointerdown", (event) => {
      this.#box.setPointerCapture(event.pointerId);
      this.#go(event);
    });
    this.#box.addEventListener("pointermove", (event) => {
      if (this.#box.hasPointerCapture(event.pointerId)) this.#go(event);
    });
    this.#draw();
  }

  /** Changes come in bursts; the small picture may be late. */
  #later(): void {
    this.#waiting ||= setTimeout(() => this.#draw(), 180) as unknown as number;
  }

  #draw(): void {
    this.#waiting = 0;
    const bounds = this.scene.bounds();
    const { width, height } = this.viewport.size();
    const isLarge = bounds !== undefined && ((bounds.right - bounds.left) * 0.6 > width * LARGE || (bounds.bottom - bounds.top) * 0.6 > height * LARGE);
    this.#box.hidden = !isLarge;
    if (!bounds || !isLarge) return;
    const margin = 160;
    const [wide, tall] = [bounds.right - bounds.left + 2 * margin, bounds.bottom - bounds.top + 2 * margin];
    this.#picture.setAttribute("viewBox", `${bounds.left - margin} ${bounds.top - margin} ${wide} ${tall}`);
    // Discs stay visible however far they are away.
    const dot = Math.max(96, (3.4 * Math.max(wide / SIZE.width, tall / SIZE.height)));
    const byApp = new Map<string, string>();
    let lines = "";
    for (const { at, entry, line } of this.scene.shown.values()) {
      byApp.set(appOf(entry), `${byApp.get(appOf(entry)) ?? ""}M${at.x} ${at.y}h.1`);
      if (line) lines += `M${line.from.x} ${line.from.y}L${line.to.x} ${line.to.y}`;
    }
    this.#dots.replaceChildren(
      svg("path", { class: "lines", d: lines, "stroke-width": dot / 6 }),
      ...[...byApp].map(([app, d]) => svg("path", { class: "dots", "data-app": app, d, "stroke-width": dot })),
    );
    this.#showFrame();
  }

  #showFrame(): void {
    if (this.#box.hidden) return;
    const seen = this.viewport.seen();
    const values = { x: seen.left, y: seen.top, width: seen.right - seen.left, height: seen.bottom - seen.top };
    for (const [name, value] of Object.entries(values)) this.#frame.setAttribute(name, String(Math.round(value)));
  }

  #go(event: PointerEvent): void {
    const matrix = this.#picture.getScreenCTM();
    if (!matrix) return;
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
    const { width, height } = this.viewport.size();
    const { x, y, scale } = this.viewport.view;
    this.viewport.panBy(width / 2 - point.x * scale - x, height / 2 - point.y * scale - y);
  }
}
