/** A question in the middle that makes something and comes back with it. */
import { h, icon } from "../dom";
import { Refused } from "../editor";
import { isCollection } from "../json";
import { words } from "../words/forms";

export interface DialogOptions<T> {
  title: string;
  intro?: string;
  yes: string;
  body: HTMLElement[];
  /** Makes it; throws `Refused` with a sentence that is shown. */
  done(): Promise<T>;
}

/** Resolves with what was made, or nothing when it was given up. */
export function dialog<T>(options: DialogOptions<T>): Promise<T | undefined> {
  return new Promise((resolve) => {
    let made: T | undefined;
    let isBusy = false;
    const problem = h("p", { class: "field-problem", role: "alert" });
    problem.hidden = true;
    const yes = h("button", { type: "submit", class: "primary" }, options.yes);
    const no = h("button", { type: "button" }, words.cancel);
    const form = h("form", { class: "stack", novalidate: true }, ...options.body, problem, h("div", { class: "row" }, yes, no));
    const box = h("dialog", { class: "question making", "aria-label": options.title }, h("h2", {}, options.title), options.intro && h("p", { class: "field-help" }, options.intro), form);
    no.addEventListener("click", () => box.close());
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (isBusy) return;
      isBusy = true;
      yes.setAttribute("aria-disabled", "true");
      try {
        made = await options.done();
        box.close();
      } catch (error) {
        const list = error instanceof Refused && isCollection(error.body) && Array.isArray(error.body.problems) ? error.body.problems.map(String) : [error instanceof Error ? error.message : words.failed];
        problem.replaceChildren(icon("circle-alert"), list.join(" "));
        problem.hidden = false;
      } finally {
        isBusy = false;
        yes.removeAttribute("aria-disabled");
      }
    });
    // Escape closes this, not the panel below, wherever the focus is.
    const escape = (event: KeyboardEvent) => event.key === "Escape" && event.stopPropagation();
    addEventListener("keydown", escape, true);
    box.addEventListener("close", () => {
      removeEventListener("keydown", escape, true);
      box.remove();
      resolve(made);
    });
    document.body.append(box);
    box.showModal();
    const first = form.querySelector<HTMLElement>("input, textarea, select");
    first?.focus();
    // A name that was proposed is overwritten by typing.
    if (first instanceof HTMLInputElement && first.value !== "") first.select();
  });
}
