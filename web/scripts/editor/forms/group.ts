/** Fields one under the other, of which some are shown only while others have
 *  certain values. */
import { h } from "../dom";
import type { Field } from "../editor";
import type { Path } from "../json";
import { fieldView } from "./field";
import type { Form, Place, View } from "./form";

export interface GroupOptions {
  form: Form;
  fields: Field[];
  /** Where the values of the fields stand. */
  base: Path;
  place(field: Field): Place;
  /** Fields for experts are kept apart, in `expert`. */
  isApart?: boolean;
}

export interface Group extends View {
  /** How many fields are shown now. */
  readonly count: number;
  /** Fields for experts, to be folded away; nothing when there are none. */
  readonly expert: HTMLElement | undefined;
  /** Under which its fields are known. */
  readonly owner: object;
}

export function group(options: GroupOptions): Group {
  const { form, fields, base } = options;
  const owner = {};
  form.know(owner, base, fields);
  const views = fields.map((field) => ({ field, view: fieldView(form, field, options.place(field)) }));
  const plain = views.filter(({ field }) => !field.advanced || !options.isApart);
  const apart = options.isApart ? views.filter(({ field }) => field.advanced) : [];
  const box = h("div", { class: "fields" }, ...plain.map(({ view }) => view.element));
  const expert = apart.length > 0 ? h("div", { class: "fields" }, ...apart.map(({ view }) => view.element)) : undefined;
  let count = 0;
  const show = () => {
    count = 0;
    for (const { field, view } of views) {
      const isShown = form.isShown(field, base);
      view.element.hidden = !isShown;
      if (isShown) count += 1;
    }
    box.hidden = plain.every(({ view }) => view.element.hidden);
    if (expert) expert.hidden = apart.every(({ view }) => view.element.hidden);
  };
  show();
  return {
    element: box,
    expert,
    get count() {
      return count;
    },
    update: () => {
      for (const { view } of views) view.update();
      show();
    },
    owner,
    destroy: () => {
      form.forget(owner);
      for (const { view } of views) view.destroy?.();
    },
  };
}
