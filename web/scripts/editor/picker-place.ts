/** Where the box of the picker stands: beside the place where the module will
 *  be, not over it. Pure. */

export interface Rect {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export interface Size {
  width: number;
  height: number;
}

/** Between the box and what it stands beside. */
const GAP = 16;
const MARGIN = 8;

/** `anchor` is what was pressed, `future` the place of the new module, where it
 *  is another. To the right of both, or to the left of what was pressed; where
 *  neither has room, where the least of the new place is covered. */
export function beside(anchor: Rect, future: Rect | undefined, box: Size, page: Size): { left: number; top: number } {
  const both = future ? { left: Math.min(anchor.left, future.left), right: Math.max(anchor.right, future.right) } : anchor;
  const top = Math.max(MARGIN, Math.min(anchor.top - 24, page.height - box.height - MARGIN));
  const right = both.right + GAP;
  if (right + box.width + MARGIN <= page.width) return { left: right, top };
  const left = both.left - GAP - box.width;
  if (left >= MARGIN) return { left, top };
  const isRoomierLeft = both.left > page.width - both.right;
  return { left: isRoomierLeft ? MARGIN : page.width - box.width - MARGIN, top };
}
