/** Says something to screen readers only. */
export function tell(text: string): void {
  const live = document.querySelector("#live");
  if (live) live.textContent = text;
}

/** A reason of the server as a sentence: with a capital and a full stop. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  const end = /[.!?]$/.test(trimmed) ? "" : ".";
  return `${trimmed.charAt(0).toUpperCase()}${trimmed.slice(1)}${end}`;
}
