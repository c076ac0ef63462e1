/** What a dragged pill carries: for our fields exactly what to insert, for all
 *  others the text. */
import type { Insertion } from "./insertion";

export const DRAG_TYPE = "application/x-rouage-mapping";

export function dragData(data: DataTransfer, what: Insertion): void {
  data.setData(DRAG_TYPE, JSON.stringify(what));
  data.setData("text/plain", asText(what));
}

/** As it is written outside of any expression. */
export function asText(what: Insertion): string {
  if (what.kind === "operator") return what.sign;
  if (what.kind === "value") return `{{${what.code}}}`;
  return `{{${what.name}(${"; ".repeat(Math.max(what.places - 1, 0))})}}`;
}
