/** A pill of the panel: a button that inserts, and that can be dragged. */
import { h } from "../editor/dom";
import { dragData } from "./drag-data";
import type { Insertion } from "./insertion";

/** Puts something into the field; a finger leaves the focus where it is, so
 *  that no keyboard pops up. */
export type Pick = (what: Insertion, isTouch: boolean) => void;

export function pill(label: string, what: Insertion, pick: Pick, look: { app?: string; mono?: boolean; description?: string }): HTMLButtonElement {
  const kind = look.app === undefined ? "is-function" : "is-item";
  const button = h(
    "button",
    { type: "button", class: `pill ${kind}`, "data-app": look.app, draggable: "true", tabindex: "-1", "aria-description": look.description },
    label,
  );
  let isTouch = false;
  button.addEventListener("pointerdown", (event) => (isTouch = event.pointerType === "touch"));
  button.addEventListener("click", () => pick(what, isTouch));
  button.addEventListener("dragstart", (event) => {
    if (!event.dataTransfer) return;
    dragData(event.dataTransfer, what);
    event.dataTransfer.effectAllowed = "copy";
  });
  return button;
}
