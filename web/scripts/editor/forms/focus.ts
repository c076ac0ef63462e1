/** Where the focus goes within a part of a form. */
const FIELDS = "mapping-field, input:not([type=hidden]), textarea, select, button.switch";
const ANY = `${FIELDS}, button, summary`;

/** The first thing that can be written or chosen, else pressed. */
export function first(within: ParentNode | null | undefined, isField = false): HTMLElement | undefined {
  const all = [...(within?.querySelectorAll<HTMLElement>(isField ? FIELDS : ANY) ?? [])];
  return all.find((element) => element.checkVisibility());
}

export function focusFirst(within: ParentNode | null | undefined): void {
  (first(within, true) ?? first(within))?.focus();
}
