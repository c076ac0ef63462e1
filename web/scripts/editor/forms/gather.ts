/** What an aggregator keeps of every bundle: outputs of the modules in its
 *  loop, ticked from a list, and whatever a person adds. */
import { h, icon } from "../dom";
import { labelOf } from "../blueprint";
import type { Catalogue } from "../editor";
import { type Collection, isCollection } from "../json";
import type { Item } from "../services";
import { words } from "../words/forms";
import type { Form, Place, View } from "./form";
import { pairs } from "./pairs";
import { before } from "./source";
import { asText, freeName } from "./values";

interface Offer {
  item: Item;
  text: string;
}

interface Source {
  title: string;
  offers: Offer[];
}

export function gathered(form: Form, place: Place, catalogue: Catalogue): View {
  const ticks = h("div", { class: "ticks" });
  const fold = h("details", { class: "advanced gather" }, h("summary", {}, words.pickOutputs), ticks);
  const list = pairs(form, place, { add: words.addOwnField, wish: words.newField, title: undefined });
  const hint = h("p", { class: "field-help" }, words.gatherHelp);
  let drawn = "";
  const value = (): Collection => {
    const found = form.read(place.path);
    return isCollection(found) ? found : {};
  };
  const flip = ({ item, text }: Offer, isOn: boolean) => {
    const now = value();
    const name = Object.keys(now).find((key) => now[key] === text);
    if (isOn && name === undefined) form.write(words.added(item.label || item.name), [[place.path, { ...now, [freeName(now, item.name)]: text }]]);
    if (!isOn && name !== undefined) {
      const { [name]: _, ...rest } = now;
      form.write(words.removed(name), [[place.path, rest]]);
    }
    list.update();
  };
  const draw = () => {
    const sources = offers(form, catalogue);
    const now = Object.values(value());
    const state = JSON.stringify(sources);
    if (state !== drawn) {
      drawn = state;
      ticks.replaceChildren(
        ...sources.map((source) =>
          h(
            "fieldset",
            {},
            h("legend", {}, source.title),
            ...source.offers.map((offer) => {
              const box = h("input", { type: "checkbox", "data-text": offer.text });
              box.addEventListener("change", () => flip(offer, box.checked));
              return h("label", { class: "check" }, box, h("span", {}, offer.item.label || offer.item.name), offer.item.sample && h("small", { class: "field-help sample" }, offer.item.sample));
            }),
          ),
        ),
      );
      if (sources.length === 0) ticks.replaceChildren(h("p", { class: "field-note" }, icon("info"), words.nothingKnown));
    }
    for (const box of ticks.querySelectorAll<HTMLInputElement>("input")) box.checked = now.includes(box.dataset.text ?? "");
  };
  fold.open = Object.keys(value()).length === 0;
  draw();
  form.editor.signals.addEventListener("items", draw);
  return {
    element: h("div", { class: "nested" }, h("div", { class: "field" }, h("div", { class: "field-head" }, h("span", { class: "field-label" }, words.keptFields)), hint, fold, list.element)),
    update: () => {
      draw();
      list.update();
    },
    destroy: () => {
      form.editor.signals.removeEventListener("items", draw);
      list.destroy?.();
    },
  };
}

/** Outputs of the source and of every module between it and the aggregator. */
function offers(form: Form, catalogue: Catalogue): Source[] {
  const items = form.editor.services.knowledge?.items;
  const all = before(form);
  const feeder = asText(form.read(["parameters", "feeder"]));
  const end = all.findIndex((entry) => entry.key === feeder);
  const loop = end < 0 ? all.slice(0, 1) : all.slice(0, end + 1);
  return loop.flatMap((entry) => {
    const known = (entry.id !== undefined && items?.modules[String(entry.id)]?.items) || [];
    const found = known.filter((item) => item.path.includes(".") && !item.name.startsWith("__IMT")).map((item) => ({ item, text: `{{${item.path}}}` }));
    return found.length === 0 ? [] : [{ title: words.sourceOption(labelOf(entry.module, catalogue), entry.id ?? 0), offers: found }];
  });
}
