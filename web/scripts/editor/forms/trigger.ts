/** When a trigger runs, and how far one that looks for news has come. */
import { h, icon } from "../dom";
import type { CatalogueModule } from "../editor";
import { words } from "../words/forms";
import type { Form, View } from "./form";

interface Trigger {
  schedule: string;
  timezone: string;
  isByClock: boolean;
  position: string | null;
  start: string | null;
}

export function triggerSection(form: Form, kind: CatalogueModule["kind"]): View {
  const { scenario } = form.editor.boot;
  const element = h("section", { class: "fields trigger" });
  const link = (path: string, text: string) => h("a", { href: `/scenarios/${scenario.id}/${path}`, target: "_blank", rel: "noopener" }, text, icon("external-link"));
  const draw = (found: Trigger) => {
    const when = found.isByClock ? `${found.schedule} (${found.timezone}).` : `${found.schedule}.`;
    const parts: HTMLElement[] = [h("h3", {}, words.schedule), h("p", { class: "field-note" }, icon("clock"), h("span", {}, when), link("schedule", words.changeSchedule))];
    if (kind === "polling-trigger") {
      const now = found.position ? words.positionNow(found.position) : found.start ? words.startAt(found.start) : words.positionUnknown;
      parts.push(h("h3", {}, words.position), h("p", { class: "field-note" }, icon("map-pin"), h("span", {}, now), found.start !== null || found.position !== null ? link("start", words.chooseStart) : words.afterPublish));
    }
    element.replaceChildren(...parts);
  };
  const load = () => void form.editor.get<Trigger>(`/scenarios/${scenario.id}/trigger.json`).then(draw, () => (element.hidden = true));
  load();
  // The schedule is changed in another tab.
  addEventListener("focus", load);
  return { element, update: () => undefined, destroy: () => removeEventListener("focus", load) };
}
