/** What the tools without words are called, at once: the browser's own titles
 *  come late, and never at the keyboard. */
import { h } from "./dom";

const TOOLS = "#dock button, #bar button, #bar a.button";

export function start(): void {
  const tip = h("div", { class: "tip", role: "tooltip", popover: "manual", "aria-hidden": "true" });
  document.body.append(tip);
  let shown: HTMLElement | undefined;
  const hide = () => {
    if (!shown) return;
    shown = undefined;
    tip.hidePopover();
  };
  const show = (target: EventTarget | null) => {
    const tool = target instanceof Element ? target.closest<HTMLElement>(TOOLS) : null;
    if (!tool) return hide();
    // The title moves here, so that it does not appear a second time.
    if (tool.title !== "") {
      tool.dataset.tip = tool.title;
      tool.removeAttribute("title");
    }
    if (tool === shown || !tool.dataset.tip) return;
    shown = tool;
    tip.textContent = tool.dataset.tip;
    if (!tip.matches(":popover-open")) tip.showPopover();
    place(tip, tool);
  };
  document.addEventListener("pointerover", (event) => event.pointerType !== "touch" && show(event.target));
  document.addEventListener("focusin", ({ target }) => (target instanceof Element && target.matches(":focus-visible") ? show(target) : hide()));
  document.addEventListener("pointerdown", hide, true);
  document.addEventListener("keydown", (event) => event.key === "Escape" && hide(), true);
}

/** Above the tool, or below it where it stands at the top. */
function place(tip: HTMLElement, tool: HTMLElement): void {
  const [box, rect] = [tip.getBoundingClientRect(), tool.getBoundingClientRect()];
  const left = Math.max(8, Math.min(rect.left + rect.width / 2 - box.width / 2, innerWidth - box.width - 8));
  const top = rect.top > box.height + 16 ? rect.top - box.height - 8 : rect.bottom + 8;
  tip.style.left = `${left}px`;
  tip.style.top = `${top}px`;
}
