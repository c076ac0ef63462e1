/** Pan and zoom of diagrams: wheel with Ctrl, pinch, drag, buttons. Without it
 *  the diagram scrolls. Only the view box changes, never the drawing. */

interface View {
  x: number;
  y: number;
  scale: number;
}

const SMALLEST = 0.15;
const LARGEST = 2;
/** Views by page, so that a live refresh does not move the picture. */
const views = new Map<string, View>();

export function canvas(): void {
  for (const box of document.querySelectorAll<HTMLElement>("[data-canvas]:not(.is-live)")) start(box);
}

function start(box: HTMLElement): void {
  const svg = box.querySelector<SVGSVGElement>("svg.diagram");
  const scroll = box.querySelector<HTMLElement>(".scroll");
  if (!svg || !scroll) return;
  const whole = svg.viewBox.baseVal;
  const bounds = { x: whole.x, y: whole.y, width: whole.width, height: whole.height };
  box.classList.add("is-live");
  // As high as the drawing needs, but never the whole window.
  scroll.style.height = `${Math.round(Math.min(Math.max(bounds.height + 90, 320), innerHeight * 0.66))}px`;
  const zoom = box.querySelector<HTMLElement>(".zoom");
  if (zoom) zoom.hidden = false;

  const key = location.pathname;
  const view = views.get(key) ?? fit();
  const show = () => {
    const { clientWidth: width, clientHeight: height } = scroll;
    svg.setAttribute("viewBox", `${view.x} ${view.y} ${width / view.scale} ${height / view.scale}`);
    box.classList.toggle("far", view.scale < 0.45);
    views.set(key, { ...view });
  };

  /** Everything, but never so small that nothing can be read: then it starts
   *  at the first module. */
  function fit(): View {
    const { clientWidth: width, clientHeight: total } = scroll!;
    const height = total - 70;
    const exact = Math.min(width / bounds.width, height / bounds.height, 1);
    const scale = Math.max(exact, 0.5);
    const x = exact < scale && bounds.width * scale > width ? bounds.x + 30 : bounds.x + bounds.width / 2 - width / scale / 2;
    return { scale, x, y: bounds.y + bounds.height / 2 - height / scale / 2 - 8 };
  }

  const zoomAt = (factor: number, clientX: number, clientY: number) => {
    const rect = scroll.getBoundingClientRect();
    const scale = Math.min(LARGEST, Math.max(SMALLEST, view.scale * factor));
    view.x += (clientX - rect.left) * (1 / view.scale - 1 / scale);
    view.y += (clientY - rect.top) * (1 / view.scale - 1 / scale);
    view.scale = scale;
    show();
  };
  const zoomMiddle = (factor: number) => {
    const rect = scroll.getBoundingClientRect();
    zoomAt(factor, rect.left + rect.width / 2, rect.top + rect.height / 2);
  };

  box.addEventListener("click", (event) => {
    const kind = (event.target as Element).closest<HTMLElement>("[data-zoom]")?.dataset.zoom;
    if (kind === "in") zoomMiddle(1.25);
    if (kind === "out") zoomMiddle(0.8);
    if (kind === "fit") Object.assign(view, fit()), show();
  });
  scroll.addEventListener("wheel", (event) => {
    // Plain turning scrolls the page; with Ctrl (or a pinch on a pad) it zooms.
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoomAt(Math.exp(-event.deltaY * 0.0022), event.clientX, event.clientY);
  }, { passive: false });

  const pointers = new Map<number, PointerEvent>();
  let travel = 0;
  scroll.addEventListener("pointerdown", (event) => {
    pointers.set(event.pointerId, event);
    travel = 0;
  });
  scroll.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const [dx, dy] = [event.clientX - before.clientX, event.clientY - before.clientY];
    if (pointers.size === 2) pinch(event, before);
    travel += Math.abs(dx) + Math.abs(dy);
    if (travel > 4) {
      scroll.setPointerCapture(event.pointerId);
      box.classList.add("is-moving");
      view.x -= dx / view.scale / pointers.size;
      view.y -= dy / view.scale / pointers.size;
      show();
    }
    pointers.set(event.pointerId, event);
  });
  const end = (event: PointerEvent) => {
    pointers.delete(event.pointerId);
    box.classList.remove("is-moving");
  };
  scroll.addEventListener("pointerup", end);
  scroll.addEventListener("pointercancel", end);
  scroll.addEventListener("dragstart", (event) => event.preventDefault());
  // A drag that ends on a module is not a click on it.
  scroll.addEventListener("click", (event) => {
    if (travel > 4) event.preventDefault();
  }, true);

  function pinch(event: PointerEvent, before: PointerEvent): void {
    const other = [...pointers.values()].find((pointer) => pointer.pointerId !== event.pointerId);
    if (!other) return;
    const span = (one: PointerEvent) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
    const factor = span(event) / Math.max(1, span(before));
    zoomAt(factor, (event.clientX + other.clientX) / 2, (event.clientY + other.clientY) / 2);
  }

  // A module that gets the focus by keyboard must be seen.
  svg.addEventListener("focusin", (event) => {
    const node = (event.target as Element).closest("a");
    if (!node?.matches(":focus-visible")) return;
    const [rect, frame] = [node.getBoundingClientRect(), scroll.getBoundingClientRect()];
    if (rect.left >= frame.left && rect.right <= frame.right && rect.top >= frame.top && rect.bottom <= frame.bottom) return;
    view.x += (rect.left + rect.width / 2 - frame.left - frame.width / 2) / view.scale;
    view.y += (rect.top + rect.height / 2 - frame.top - frame.height / 2) / view.scale;
    show();
  });
  new ResizeObserver(show).observe(scroll);
  show();
}

/** A link to a module opens what it did. */
function openTarget(): void {
  const target = document.getElementById(location.hash.slice(1));
  if (target instanceof HTMLDetailsElement) target.open = true;
}
addEventListener("hashchange", openTarget);
openTarget();

addEventListener("keydown", (event) => {
  if (event.key === "Escape" && location.hash.startsWith("#m")) {
    const id = location.hash;
    if (!document.querySelector(`.panel[id="${id.slice(1)}"]`)) return;
    location.hash = "#main";
    document.querySelector<HTMLElement>(`svg.diagram a[href="${id}"]`)?.focus();
  }
});
