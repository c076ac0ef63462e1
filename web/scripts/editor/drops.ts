/** Where a dragged link or module goes when it is let go. */
import { apply, isDirective } from "./blueprint";
import type { Editor } from "./editor";
import { type Point, RADIUS, placed, stepAside } from "./geometry";
import type { Scene, Shown } from "./scene";
import { targetOf } from "./targets";
import type { Viewport } from "./viewport";
import { words } from "./words/canvas";
import { words as flowWords } from "./words/flow";

/** Where a link or a loose module would go. */
export type Drop = { kind: "module"; key: string } | { kind: "link"; key: string };

/** How near to an ear a loose module must come to be taken. */
const NEAR = 74;

/** The module or line that a link from here would take, or a loose module
 *  (`moved` is where it is now). */
export function dropFor(scene: Scene, viewport: Viewport, here: Point, key: string, moved?: Point): Drop | undefined {
  const from = scene.shown.get(key);
  if (!from) return undefined;
  const line = moved || from.entry.isOrphan ? lineAt(scene, viewport, here, key) : undefined;
  if (line !== undefined) return { kind: "link", key: line };
  // A link is drawn onto a module; a loose module goes to a module's ear.
  for (const shown of scene.shown.values()) {
    if (shown === from || shown.isCulled || hangsOn(scene, shown, key) || (!moved && hangsOn(scene, from, shown.entry.key))) continue;
    const isNear = moved
      ? !isDirective(shown.entry.module) && distance({ x: shown.at.x + RADIUS + 18, y: shown.at.y }, { x: moved.x - RADIUS - 18, y: moved.y }) < NEAR
      : distance(shown.at, here) < NEAR;
    if (isNear) return { kind: "module", key: shown.entry.key };
  }
  return undefined;
}

/** The line under the pointer, unless it belongs to what is moved. */
function lineAt(scene: Scene, viewport: Viewport, here: Point, key: string): string | undefined {
  const point = viewport.toWindow(here);
  const target = targetOf(document.elementFromPoint(point.x, point.y));
  const isLine = target.kind === "link" || target.kind === "filter";
  return isLine && target.key !== key && !hangsOn(scene, scene.shown.get(target.key), key) ? target.key : undefined;
}

/** Whether a module comes somewhere after another. */
export function hangsOn(scene: Scene, shown: Shown | undefined, key: string): boolean {
  for (let next = shown; next; next = next.parent && scene.shown.get(next.parent.key)) if (next.entry.key === key) return true;
  return false;
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

/** Writes moved modules down as one step of undo, aside of what they would
 *  cover. */
export function commitMove(editor: Editor, scene: Scene, from: ReadonlyMap<string, Point>, to: ReadonlyMap<string, Point>, merge?: string): boolean {
  const others = [...scene.shown.values()].filter((shown) => !to.has(shown.entry.key)).map((shown) => shown.at);
  const by = stepAside([...to.values()], others);
  if (!by) {
    scene.preview(from);
    editor.say(words.noRoom, "warn");
    return false;
  }
  // Whoever was shown elsewhere while dragging has to be shown again.
  scene.preview(from);
  const moves = new Map([...to].map(([key, place]) => [key, { x: place.x + by.x, y: place.y + by.y }]));
  const doc = placed(editor.store.doc, moves);
  return apply(editor, { doc, label: flowWords.move(moves.size), select: [...to.keys()] }, merge === undefined ? {} : { merge });
}
