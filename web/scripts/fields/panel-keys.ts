/** Keys in the mapping panel: one Tab stop for the tabs, one for the pills, and
 *  arrows within them. */

export function moveInTabs(event: KeyboardEvent, tabs: readonly HTMLButtonElement[]): void {
  const here = tabs.indexOf(document.activeElement as HTMLButtonElement);
  const next = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: tabs.length - 1 }[event.key];
  if (here < 0 || next === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  const tab = tabs[(next + tabs.length) % tabs.length];
  tab?.click();
  tab?.focus();
}

/** Up and down go from pill to pill, right and left open and close. */
export function moveInPanel(event: KeyboardEvent, search: HTMLElement, body: HTMLElement): void {
  const pills = [...body.querySelectorAll<HTMLElement>("button.pill")].filter((pill) => pill.offsetParent !== null);
  const active = document.activeElement as HTMLElement;
  const here = pills.indexOf(active);
  if (active === search && event.key === "Enter") return press(event, pills[0]);
  if (active !== search && here < 0) return;
  if (here >= 0 && (event.key === "ArrowRight" || event.key === "ArrowLeft")) return disclose(event, active);
  const next = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: pills.length - 1 }[event.key];
  if (next === undefined || (active === search && event.key !== "ArrowDown")) return;
  event.preventDefault();
  if (next < 0) return search.focus();
  const pill = pills[Math.min(next, pills.length - 1)];
  for (const one of pills) one.tabIndex = one === pill ? 0 : -1;
  pill?.focus();
}

function press(event: KeyboardEvent, pill: HTMLElement | undefined): void {
  event.preventDefault();
  pill?.click();
}

function disclose(event: KeyboardEvent, pill: HTMLElement): void {
  const toggle = pill.parentElement?.querySelector<HTMLElement>(".disclose");
  if (!toggle) return;
  event.preventDefault();
  const isOpen = toggle.getAttribute("aria-expanded") === "true";
  if (isOpen !== (event.key === "ArrowRight")) toggle.click();
}
