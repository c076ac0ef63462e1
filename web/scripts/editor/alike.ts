/** When two states are drawn alike, so that nothing needs to be touched. */
import type { Line } from "./lines";
import type { Mark } from "./services";
import type { Module } from "./tree";

/** Whether two states of a module are drawn alike. What is typed into its
 *  fields is not drawn, so that typing costs nothing here. */
export function looksSame(a: Module, b: Module): boolean {
  if (a === b) return true;
  const designer = (module: Module) => (module.metadata as { designer?: { name?: unknown } } | null | undefined)?.designer?.name;
  return a.module === b.module && a.id === b.id && a.version === b.version && a.disabled === b.disabled && designer(a) === designer(b);
}

export function lineSame(a: Line, b: Line): boolean {
  return (
    a.path === b.path &&
    a.className === b.className &&
    a.apps[0] === b.apps[0] &&
    a.apps[1] === b.apps[1] &&
    a.chip?.text === b.chip?.text &&
    a.chip?.title === b.chip?.title &&
    a.filter.title === b.filter.title &&
    a.filter.name === b.filter.name &&
    a.filter.className === b.filter.className
  );
}

export function markSame(a: Mark | undefined, b: Mark | undefined): boolean {
  if (a === b) return true;
  if (!a || !b) return false;
  return (["operations", "errors", "parked", "running", "warnings", "heldBack", "letThrough"] as const).every((name) => a[name] === b[name]);
}
