/** What the server found wrong with a module, each with the field it means. */
import { h, icon } from "../dom";
import type { ModuleReport } from "../editor";
import { sentence } from "../tell";
import { words } from "../words/forms";
import { focusFirst } from "./focus";
import type { Form, View } from "./form";

export function problems(form: Form, body: HTMLElement, report: () => ModuleReport | undefined): View {
  const list = h("ul", {});
  const element = h("div", { class: "notice warn problems" }, icon("triangle-alert"), h("div", { class: "grow" }, h("strong", {}, words.look), list));
  const update = () => {
    const found = report();
    // Why a module is not there is said where its fields are shown.
    const texts = found && found.status !== "unavailable" ? found.problems : [];
    steady(body, () => {
      element.hidden = texts.length === 0;
      list.replaceChildren(...texts.map((text) => line(text, body)));
    });
  };
  update();
  return { element, update };
}

/** What comes or goes above the field that has the focus does not move it: the
 *  browser holds it only where the panel is scrolled already. */
function steady(body: HTMLElement, change: () => void): void {
  const held = body.contains(document.activeElement) ? document.activeElement : null;
  const before = held?.getBoundingClientRect().top ?? 0;
  change();
  if (held) body.scrollTop += held.getBoundingClientRect().top - before;
}

function line(text: string, body: HTMLElement): HTMLElement {
  const show = h("button", { type: "button", class: "link" }, words.show);
  // The field may not be drawn yet; it is looked for when it is wanted.
  show.addEventListener("click", () => reveal(fieldIn(text, body)));
  const item = h("li", {}, sentence(text), " ", show);
  queueMicrotask(() => (show.hidden = fieldIn(text, body) === undefined));
  return item;
}

/** The field whose label or name a sentence holds; the longest one wins. */
function fieldIn(text: string, body: HTMLElement): HTMLElement | undefined {
  const said = text.toLowerCase();
  let best: { length: number; element: HTMLElement } | undefined;
  for (const element of body.querySelectorAll<HTMLElement>(".field[data-field]")) {
    const name = element.dataset.field?.split(".").at(-1)?.toLowerCase() ?? "";
    const label = element.querySelector(".field-label")?.textContent?.toLowerCase() ?? "";
    const words = [label, name].filter((word) => word.length > 2 && new RegExp(`(^|[^\\p{L}\\p{N}])${escape(word)}($|[^\\p{L}\\p{N}])`, "u").test(said));
    const length = Math.max(0, ...words.map((word) => word.length));
    if (length > (best?.length ?? 0)) best = { length, element };
  }
  return best?.element ?? accountIn(said, body);
}

/** "Choose an account" means the connection, whatever that is called. */
function accountIn(said: string, body: HTMLElement): HTMLElement | undefined {
  if (!said.includes("account")) return undefined;
  return body.querySelector<HTMLElement>('.field[data-type="connection"], .field[data-type="keychain"]') ?? undefined;
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

function reveal(field: HTMLElement | undefined): void {
  const fold = field?.closest("details");
  if (fold) fold.open = true;
  field?.scrollIntoView({ block: "center" });
  focusFirst(field);
}
