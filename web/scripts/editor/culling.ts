/** What is far outside of the view is taken out of the page, so that large
 *  scenarios stay fluid. To hide it would not do: a browser lays out what an
 *  SVG hides as well, in case that something refers to it. */
import type { Line } from "./lines";
import type { Box, Shown } from "./scene";

/** What stands in the place of an element that is out, so that it comes back
 *  in its order. */
const places = new WeakMap<Element, Comment>();

/** Takes out what lies outside of `view`, and brings back the rest; without a
 *  view everything is there. Only what changes is touched. `keep` is the module
 *  that Tab leads to: it stays. */
export function cull(all: Iterable<Shown>, view: Box | undefined, keep?: string): void {
  const focused = document.activeElement;
  for (const shown of all) {
    const isOut = view !== undefined && shown.entry.key !== keep && shown.node !== focused && isModuleOut(shown, view);
    if (isOut !== shown.isCulled) {
      shown.isCulled = isOut;
      put(shown.node, isOut);
    }
    const isWireOut = view !== undefined && isLineOut(shown, view);
    if (isWireOut === shown.isWireCulled) continue;
    shown.isWireCulled = isWireOut;
    for (const element of [shown.wire, shown.filter]) if (element) put(element, isWireOut);
  }
}

/** Takes an element out, or puts it back where it was. */
export function put(element: Element, isOut: boolean): void {
  const place = places.get(element);
  if (isOut && !place && element.parentNode) {
    const stand = document.createComment("");
    places.set(element, stand);
    element.replaceWith(stand);
  } else if (!isOut && place) {
    places.delete(element);
    place.replaceWith(element);
  }
}

/** Removes an element for good, wherever it is. */
export function discard(element: Element | undefined): void {
  if (!element) return;
  places.get(element)?.remove();
  places.delete(element);
  element.remove();
}

function isModuleOut({ at }: Shown, view: Box): boolean {
  return at.x + 110 < view.left || at.x - 110 > view.right || at.y + 120 < view.top || at.y - 90 > view.bottom;
}

function isLineOut({ line }: Shown, view: Box): boolean {
  if (!line) return false;
  const { left, top, right, bottom } = hullOf(line);
  return right < view.left || left > view.right || bottom < view.top || top > view.bottom;
}

/** A line goes further than its ends where it leads around something. */
const hulls = new WeakMap<Line, Box>();

function hullOf(line: Line): Box {
  const known = hulls.get(line);
  if (known) return known;
  const numbers = (line.path.match(/-?\d+/g) ?? []).map(Number);
  const [xs, ys] = [numbers.filter((_, index) => index % 2 === 0), numbers.filter((_, index) => index % 2 === 1)];
  const hull = { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) };
  hulls.set(line, hull);
  return hull;
}
