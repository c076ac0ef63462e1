/** JSON as the browser reads it. The server keeps what we did not touch exactly
 *  as it was (all digits of a number, the order of keys), so that plain values
 *  are enough here. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Collection = { [key: string]: Json };

/** A step into a document. */
export type Step = string | number;
export type Path = readonly Step[];

export function isCollection(value: unknown): value is Collection {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What stands at a path; `undefined` when there is nothing. */
export function at(value: Json | undefined, path: Path): Json | undefined {
  let here: Json | undefined = value;
  for (const step of path) {
    if (Array.isArray(here) && typeof step === "number") here = here[step];
    else if (isCollection(here) && Object.hasOwn(here, step)) here = here[step];
    else return undefined;
  }
  return here;
}

/** The same document with another value at a path; what is not on the way is
 *  shared, never copied. `undefined` takes the entry away. Missing collections
 *  on the way are made. */
export function put(value: Json | undefined, path: Path, leaf: Json | undefined): Json {
  const [step, ...rest] = path;
  if (step === undefined) return leaf ?? null;
  if (Array.isArray(value) || (typeof step === "number" && !isCollection(value))) {
    const items = Array.isArray(value) ? [...value] : [];
    const index = Number(step);
    if (rest.length === 0 && leaf === undefined) items.splice(index, 1);
    else items[index] = put(items[index], rest, leaf);
    return items;
  }
  const copy: Collection = isCollection(value) ? { ...value } : {};
  if (rest.length === 0 && leaf === undefined) delete copy[step];
  // A plain assignment to `__proto__` would not make an entry of that name.
  else Object.defineProperty(copy, step, { value: put(Object.hasOwn(copy, step) ? copy[step] : undefined, rest, leaf), enumerable: true, configurable: true, writable: true });
  return copy;
}

/** Whether two documents say the same; the order of keys does not matter. */
export function same(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, index) => same(item, b[index]));
  if (!isCollection(a) || !isCollection(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]));
}
