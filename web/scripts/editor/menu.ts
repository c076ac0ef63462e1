import { h, icon } from "./dom";
import type { MenuItem } from "./editor";

let closeOpen: (() => void) | undefined;

/** A menu in the top layer: arrows, Home, End, letters, Enter, Esc; the focus
 *  goes back to the opener. Only one is open at a time. */
export function openMenu(at: { x: number; y: number } | HTMLElement, items: MenuItem[], opener?: Element): void {
  closeOpen?.();
  const back = opener ?? (at instanceof HTMLElement ? at : document.activeElement);
  const buttons = items.map((item) =>
    h(
      "button",
      { role: "menuitem", tabindex: "-1", class: [item.danger && "danger", item.separated && "separated"].filter(Boolean).join(" "), "aria-disabled": item.disabled ? "true" : undefined },
      item.icon ? icon(item.icon) : h("span", { class: "icon" }),
      h("span", { class: "grow" }, item.label),
      item.keys && h("kbd", {}, item.keys),
    ),
  );
  const menu = h("div", { class: "menu", role: "menu", popover: "manual" }, ...buttons);

  const close = (giveBack: boolean) => {
    if (closeOpen !== closeThis) return;
    closeOpen = undefined;
    document.removeEventListener("pointerdown", outside, true);
    removeEventListener("blur", closeThis);
    removeEventListener("resize", closeThis);
    menu.remove();
    if (giveBack && (back instanceof HTMLElement || back instanceof SVGElement)) back.focus();
  };
  const closeThis = () => close(false);
  const outside = (event: Event) => {
    if (!menu.contains(event.target as Node)) close(false);
  };

  // The finger of a long press is lifted above the menu that it opened: only a
  // press that began inside counts. Keys and screen readers click without one.
  let isArmed = false;
  menu.addEventListener("pointerdown", () => {
    isArmed = true;
  });
  buttons.forEach((button, index) =>
    button.addEventListener("click", (event) => {
      const item = items[index];
      if (!item || item.disabled || (event.detail > 0 && !isArmed)) return;
      close(true);
      item.run();
    }),
  );
  menu.addEventListener("keydown", (event) => move(event, buttons, () => close(true)));
  menu.addEventListener("contextmenu", (event) => event.preventDefault());

  // Inside of what is in front, and of a landmark.
  (document.querySelector("dialog[open]") ?? document.querySelector("main") ?? document.body).append(menu);
  menu.showPopover();
  place(menu, at);
  closeOpen = closeThis;
  document.addEventListener("pointerdown", outside, true);
  addEventListener("blur", closeThis);
  addEventListener("resize", closeThis);
  (buttons.find((button) => button.getAttribute("aria-disabled") !== "true") ?? buttons[0])?.focus();
}

function move(event: KeyboardEvent, buttons: HTMLElement[], close: () => void): void {
  const here = buttons.indexOf(document.activeElement as HTMLElement);
  const count = buttons.length;
  let next: HTMLElement | undefined;
  if (event.key === "ArrowDown") next = buttons[(here + 1) % count];
  else if (event.key === "ArrowUp") next = buttons[(here - 1 + count) % count];
  else if (event.key === "Home") next = buttons[0];
  else if (event.key === "End") next = buttons[count - 1];
  else if (event.key === "Escape" || event.key === "Tab") close();
  else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && event.key !== " ") {
    const starts = (button: HTMLElement) => button.textContent?.trim().toLowerCase().startsWith(event.key.toLowerCase());
    next = [...buttons.slice(here + 1), ...buttons.slice(0, here + 1)].find(starts);
  } else return;
  event.preventDefault();
  event.stopPropagation();
  next?.focus();
}

/** Beside its place, but never outside of the window. */
function place(menu: HTMLElement, at: { x: number; y: number } | HTMLElement): void {
  const size = menu.getBoundingClientRect();
  const rect = at instanceof HTMLElement ? at.getBoundingClientRect() : undefined;
  const [x, y] = rect ? [rect.left, rect.bottom + 4] : [(at as { x: number }).x, (at as { y: number }).y];
  const above = rect ? rect.top - size.height - 4 : y - size.height;
  menu.style.left = `${Math.max(8, Math.min(x, innerWidth - size.width - 8))}px`;
  menu.style.top = `${Math.max(8, y + size.height + 8 > innerHeight ? Math.max(8, above) : y)}px`;
}
