/** Names and values that a person writes freely, or that are left of fields
 *  that nobody knows any more. */
import { h, icon } from "../dom";
import { type Collection, isCollection } from "../json";
import { words } from "../words/forms";
import type { Form, Place, View } from "./form";
import { anyValue } from "./raw";
import { freeName, renamed } from "./values";

export interface PairsOptions {
  /** Only these names. */
  only?: (name: string) => boolean;
  /** Names cannot be changed and nothing is added; entries can be removed. */
  isFixed?: boolean;
  title?: string | undefined;
  label?: (name: string) => string;
  add?: string;
  /** The name that a new entry begins with. */
  wish?: string;
}

export function pairs(form: Form, place: Place, options: PairsOptions): View {
  const list = h("div", { class: "pairs" });
  const element = h("div", { class: options.isFixed ? "free is-fixed" : "free" });
  let views: { entry: { name: string }; view: View }[] = [];
  const value = (): Collection => {
    const found = form.read(place.path);
    return isCollection(found) ? found : {};
  };
  const names = () => Object.keys(value()).filter((name) => options.only?.(name) ?? true);
  const write = (next: Collection, label: string, merge?: string) => form.write(label, [[place.path, next]], merge);

  const remove = (name: string) => {
    const { [name]: _, ...rest } = value();
    write(rest, words.removed(name));
    (list.querySelector<HTMLElement>("button.remove") ?? add ?? list).focus?.();
  };
  const line = (name: string) => {
    // A renamed entry keeps its line, and with it the focus.
    const entry = { name };
    const at: Place = {
      get path() {
        return [...place.path, entry.name];
      },
      restore: undefined,
    };
    const label = options.label?.(name) ?? name;
    const view = anyValue(form, at, label);
    const taking = h("button", { type: "button", class: "ghost remove", "aria-label": words.remove(label), title: words.remove(label) }, icon("trash-2"));
    taking.addEventListener("click", () => remove(entry.name));
    const title = options.isFixed ? h("span", { class: "pair-name" }, label) : nameInput(entry);
    return { entry, view, element: h("div", { class: "pair", role: "group", "aria-label": label }, title, view.element, taking) };
  };
  const nameInput = (entry: { name: string }) => {
    const input = h("input", { class: "pair-name", value: entry.name, "aria-label": words.name, autocomplete: "off", spellcheck: "false" });
    input.addEventListener("change", () => {
      const wish = input.value.trim();
      const from = entry.name;
      if (wish === "" || wish === from) return void (input.value = from);
      if (Object.hasOwn(value(), wish)) {
        form.editor.say(words.nameTaken(wish), "warn");
        input.value = from;
        return;
      }
      entry.name = wish;
      write(renamed(value(), from, wish), words.changed(wish));
    });
    return input;
  };

  const draw = () => {
    for (const { view } of views) view.destroy?.();
    const lines = names().map(line);
    views = lines.map(({ entry, view }) => ({ entry, view }));
    list.replaceChildren(...lines.map((made) => made.element));
    element.dataset.names = names().join("\n");
  };
  const add = options.isFixed ? undefined : h("button", { type: "button", class: "small add" }, icon("plus"), options.add ?? words.addField);
  add?.addEventListener("click", () => {
    const name = freeName(value(), options.wish ?? words.newField);
    write({ ...value(), [name]: "" }, words.added(name));
    draw();
    const input = list.lastElementChild?.querySelector("input");
    input?.focus();
    input?.select();
  });
  draw();
  element.append(...[options.title && h("p", { class: "field-note is-warn" }, options.title), list, add].filter((part) => part !== undefined && part !== "").map((part) => part as Node));
  return {
    element,
    update: () => {
      if (names().join("\n") !== views.map(({ entry }) => entry.name).join("\n")) draw();
      else for (const { view } of views) view.update();
    },
    destroy: () => {
      for (const { view } of views) view.destroy?.();
    },
  };
}
