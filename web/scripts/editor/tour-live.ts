/** Whether the live version does its work, from the list of the last runs. Pure. */
import type { RunRow } from "./run-data";

/** How the newest run of the live version ended, among those after one that was
 *  there already; runs that are still going on say nothing yet. */
export function lastLive(rows: readonly RunRow[], since: string): "none" | "good" | "bad" {
  const end = rows.findIndex((row) => row.id === since);
  const newer = end < 0 ? rows : rows.slice(0, end);
  const last = newer.find((row) => !row.isDraft && !row.isSingle && !row.isCheck && row.isFinal);
  if (!last) return "none";
  return last.status === "success" || last.status === "warning" ? "good" : "bad";
}
