/** Says something to screen readers only. */
export function tell(text: string): void {
  const live = document.querySelector("#live");
  if (live) live.textContent = text;
}
