/** What the tools without words are called, and modules that are too far away
 *  for their names, at once: the browser's own titles come late, and never at
 *  the keyboard. */
import { h } from "./dom";

const TOOLS = "#dock button, #bar button, #bar a.button, #stage.far .node";

export function start(): void {
  const tip = h("div", { class: "tip", role: "tooltip", popover: "manual", "aria-hidden": "true" });
  document.body.append(tip);
  let shown: HTMLElement | SVGElement | undefined;
  const hide = () => {
    if (!shown) return;
    shown = undefined;
    tip.hidePopover();
  };
  const show = (target: EventTarget | null) => {
    const tool = target instanceof Element ? target.closest<HTMLElement | SVGElement>(TOOLS) : null;
    if (!tool) return hide();
    // The title moves here, so that it does not appear a second time.
    if (tool instanceof HTMLElement && tool.title !== "") {
      tool.dataset.tip = tool.title;
      tool.removeAttribute("title");
    }
    const text = tool instanceof SVGElement ? nameOf(tool) : tool.dataset.tip;
    if (tool === shown || !text) return;
    shown = tool;
    tip.textContent = text;
    if (!tip.matches(":popover-open")) tip.showPopover();
    place(tip, tool);
  };
  document.addEventListener("pointerover", (event) => event.pointerType !== "touch" && show(event.target));
  document.addEventListener("focusin", ({ target }) => (target instanceof Element && target.matches(":focus-visible") ? show(target) : hide()));
  document.addEventListener("pointerdown", hide, true);
  document.addEventListener("keydown", (event) => event.key === "Escape" && hide(), true);
}

function nameOf(module: SVGElement): string {
  return [".name", ".kind"].map((part) => module.querySelector(part)?.textContent ?? "").filter(Boolean).join(" · ");
}

/** Above the tool, or below it where it stands at the top. */
function place(tip: HTMLElement, tool: Element): void {
  const [box, rect] = [tip.getBoundingClientRect(), tool.getBoundingClientRect()];
  const left = Math.max(8, Math.min(rect.left + rect.width / 2 - box.width / 2, innerWidth - box.width - 8));
  const top = rect.top > box.height + 16 ? rect.top - box.height - 8 : rect.bottom + 8;
  tip.style.left = `${left}px`;
  tip.style.top = `${top}px`;
}
