/** What can be said of a value before anything runs. Pure. */
import type { Field } from "../editor";
import type { Json } from "../json";
import { words } from "../words/forms";
import { isEmpty, isMapped } from "./values";

/** A sentence when the value cannot be right; what is mapped is known only in
 *  the run. */
export function problemOf(field: Pick<Field, "type" | "required" | "default">, value: Json | undefined): string | undefined {
  const nothing = isEmpty(value) || (Array.isArray(value) && value.length === 0 && field.type === "array");
  if (nothing) return field.required && field.default === undefined ? words.required : undefined;
  if (isMapped(value)) return undefined;
  const text = typeof value === "string" ? value.trim() : "";
  if (text === "") return undefined;
  switch (field.type) {
    case "number":
      return isNumber(text) ? undefined : words.notNumber;
    case "integer":
      return /^[+-]?\d+$/.test(text) ? undefined : words.notInteger;
    case "uinteger":
      return /^\+?\d+$/.test(text) ? undefined : words.notPositive;
    case "url":
      return /^https?:\/\/[^\s/]/i.test(text) ? undefined : words.notUrl;
    case "email":
      return /^[^\s@]+@[^\s@]+$/.test(text) || /<[^\s@]+@[^\s@]+>\s*$/.test(text) ? undefined : words.notEmail;
    default:
      return undefined;
  }
}

function isNumber(text: string): boolean {
  return text !== "" && Number.isFinite(Number(text.replace(",", ".")));
}
