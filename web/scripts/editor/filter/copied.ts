/** The filter that was copied last, for all places that copy and paste one. */
import type { Filter } from "../services";

let copied: Filter | undefined;

export function copiedFilter(): Filter | undefined {
  return copied;
}

export function keepFilter(filter: Filter): void {
  copied = filter;
}
