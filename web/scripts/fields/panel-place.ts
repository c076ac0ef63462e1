/** Where the mapping panel stands: beside the panel with the field, or at the
 *  bottom of a narrow window, never over the field. */

const NARROW = 700;
const WIDTH = 432;
const GAP = 12;

export function placePanel(panel: HTMLElement, element: HTMLElement): void {
  const isSheet = innerWidth <= NARROW;
  panel.classList.toggle("is-sheet", isSheet);
  document.body.classList.toggle("has-mapping-sheet", isSheet);
  const { style } = panel;
  if (isSheet) {
    style.left = style.top = style.maxHeight = style.width = "";
    // Above the keyboard of a phone, which covers the window.
    const shown = window.visualViewport;
    style.bottom = shown ? `${Math.max(0, innerHeight - shown.height - shown.offsetTop)}px` : "0";
    return keepInSight(panel, element);
  }
  const beside = (element.closest("#side, dialog") ?? element).getBoundingClientRect();
  const width = Math.min(WIDTH, innerWidth - 2 * GAP);
  const left = beside.left - width - GAP;
  const isOver = left < GAP;
  style.bottom = "";
  style.width = `${width}px`;
  style.left = `${isOver ? Math.min(beside.right + GAP, innerWidth - width - GAP) : left}px`;
  style.top = `${Math.max(GAP, beside.top)}px`;
  style.maxHeight = `${Math.max(260, Math.min(beside.height, innerHeight - beside.top - GAP))}px`;
}

/** Scrolls the field above the sheet. */
function keepInSight(panel: HTMLElement, element: HTMLElement): void {
  requestAnimationFrame(() => {
    const top = panel.getBoundingClientRect().top;
    const field = element.getBoundingClientRect();
    if (field.bottom <= top - 8 && field.top >= 8) return;
    element.style.scrollMarginBottom = `${innerHeight - top + 16}px`;
    element.scrollIntoView({ block: field.height > top - 80 ? "start" : "nearest" });
  });
}
