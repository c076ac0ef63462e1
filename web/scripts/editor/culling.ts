/** What is far outside of the view is not drawn, so that large scenarios stay
 *  fluid. */
import type { Box, Shown } from "./scene";

/** Hides what lies outside of `view`, and shows the rest; without a view
 *  everything is shown. Only what changes is touched. */
export function cull(all: Iterable<Shown>, view: Box | undefined): void {
  for (const shown of all) {
    const isOut = view !== undefined && isModuleOut(shown, view);
    if (isOut !== shown.isCulled) {
      shown.isCulled = isOut;
      shown.node.classList.toggle("is-culled", isOut);
    }
    const isWireOut = view !== undefined && isLineOut(shown, view);
    if (isWireOut === shown.isWireCulled) continue;
    shown.isWireCulled = isWireOut;
    shown.wire?.classList.toggle("is-culled", isWireOut);
    shown.filter?.classList.toggle("is-culled", isWireOut);
  }
}

function isModuleOut({ at }: Shown, view: Box): boolean {
  return at.x + 110 < view.left || at.x - 110 > view.right || at.y + 120 < view.top || at.y - 90 > view.bottom;
}

function isLineOut({ line }: Shown, view: Box): boolean {
  if (!line) return false;
  const { from, to } = line;
  return Math.max(from.x, to.x) < view.left || Math.min(from.x, to.x) > view.right || Math.max(from.y, to.y) < view.top || Math.min(from.y, to.y) > view.bottom;
}
