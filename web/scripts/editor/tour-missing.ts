/** What a module still lacks, by the labels of its form. Pure; the guide says it. */
import type { CatalogueModule, Field } from "./editor";
import { problemOf } from "./forms/check";
import { LINKED_TYPES, isShown } from "./forms/values";
import { type Collection, type Json, isCollection } from "./json";
import { words } from "./words/forms";

/** The labels of required fields that show and are empty, in the form's order. */
export function missing(module: Collection, links: Readonly<Record<string, Json>>, described: Pick<CatalogueModule, "parameters" | "mapper">): string[] {
  const parts = (["parameters", "mapper"] as const).map((name) => ({ fields: described[name], values: isCollection(module[name]) ? module[name] : {} }));
  const all = parts.flatMap(({ fields, values }) => fields.map((field) => ({ field, value: links[`${String(module.id)}.${field.name}`] ?? (LINKED_TYPES.has(field.type) ? undefined : values[field.name]) })));
  const shows = (field: Field, level = 0): boolean => {
    const other = all.find((one) => one.field.name === field.shown?.field);
    if (!field.shown || !other || level > 8) return true;
    return shows(other.field, level + 1) && isShown(field, other.value, other.field.default);
  };
  return all.filter(({ field, value }) => shows(field) && problemOf(field, value) === words.required).map(({ field }) => field.label || field.name);
}
