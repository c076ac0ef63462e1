/** Names and values that a person writes freely, or that are left of fields
 *  that nobody knows any more. */
import { h, icon, uniqueId } from "../dom";
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
  let views: { name: string; view: View }[] = [];
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
    const label = options.label?.(name) ?? name;
    const view = anyValue(form, { path: [...place.path, name], restore: undefined }, label);
    const taking = h("button", { type: "button", class: "ghost remove", "aria-label": words.remove(label), title: words.remove(label) }, icon("trash-2"));
    taking.addEventListener("click", () => remove(name));
    const title = options.isFixed ? h("span", { class: "pair-name" }, label) : nameInput(name);
    return { name, view, element: h("div", { class: "pair", role: "group", "aria-label": label }, title, view.element, taking) };
  };
  const nameInput = (name: string) => {
    let own = name;
    const input = h("input", { class: "pair-name", value: name, "aria-label": words.name, autocomplete: "off", spellcheck: "false" });
    const problemId = uniqueId("pair");
    input.setAttribute("aria-describedby", problemId);
    input.addEventListener("change", () => {
      const wish = input.value.trim();
      if (wish === "" || wish === own) return void (input.value = own);
      if (Object.hasOwn(value(), wish)) {
        form.editor.say(words.nameTaken(wish), "warn");
        input.value = own;
        return;
      }
      const next = renamed(value(), own, wish);
      own = wish;
      write(next, words.changed(wish));
    });
    return input;
  };

  const draw = () => {
    for (const { view } of views) view.destroy?.();
    const lines = names().map(line);
    views = lines.map(({ name, view }) => ({ name, view }));
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
      if (names().join("\n") !== views.map(({ name }) => name).join("\n")) {
        // A renamed entry keeps its line, and with it the focus.
        const isFocused = list.contains(document.activeElement);
        draw();
        if (isFocused) list.querySelector<HTMLElement>(".pair:last-child textarea, .pair:last-child .cm-content")?.focus();
      } else for (const { view } of views) view.update();
    },
    destroy: () => {
      for (const { view } of views) view.destroy?.();
    },
  };
}
