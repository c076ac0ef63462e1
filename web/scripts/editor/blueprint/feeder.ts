/** Where a loop begins that an aggregator ends. */
import type { Catalogue, CatalogueModule } from "../editor";
import { at } from "../json";
import type { Module } from "../tree";
import { moduleId } from "../tree";
import { described } from "./base";

/** What a module is, as far as it is known. */
export type Kinds = (module: Module) => CatalogueModule["kind"] | undefined;

export function kindsOf(catalogue: Catalogue | undefined): Kinds {
  return (module) => described(module, catalogue)?.kind ?? (/:(Basic)?(Feeder|Repeater|Iterator)/.test(module.module) ? "iterator" : /Aggregat/.test(module.module) ? "aggregator" : undefined);
}

const MANY = new Set<CatalogueModule["kind"] | undefined>(["iterator", "search", "polling-trigger"]);

/** The nearest module before that gives several bundles, and whose loop no
 *  other aggregator has closed already. `before` is nearest first. */
export function defaultFeeder(before: readonly Module[], kinds: Kinds): number | undefined {
  for (let index = 0; index < before.length; index += 1) {
    const module = before[index] as Module;
    const id = moduleId(module);
    if (kinds(module) === "aggregator") {
      const feeder = Number(at(module, ["parameters", "feeder"]));
      const start = before.findIndex((other) => moduleId(other) === feeder);
      // Whatever lies within a closed loop cannot be gathered once more.
      if (start > index) index = start;
      continue;
    }
    if (id !== undefined && MANY.has(kinds(module))) return id;
  }
  return undefined;
}
