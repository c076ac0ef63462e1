/** The webhook of a trigger: choose or make one, its address, waiting for
 *  data with a live sign, its structure, the last requests, a pasted sample. */
import { h, icon } from "./dom";
import type { Field, Option } from "./editor";
import type { Json } from "./json";
import { combo } from "./forms/combo";
import { dialog } from "./forms/dialog";
import type { Form, Place } from "./forms/form";
import { type HookState, hookView } from "./forms/hook";
import { type Control, type Names, type Row, row } from "./forms/row";
import { words } from "./words/forms";

interface Listed {
  id: number;
  name: string;
  isFree: boolean;
  usedBy: string;
}

export function hookRow(form: Form, field: Field, place: Place): Row {
  return row({ form, field: { ...field, required: false, help: "" }, place, control: (names) => control(form, field, place, names) });
}

function control(form: Form, field: Field, place: Place, names: Names): Control {
  const { editor } = form;
  let list: Listed[] | undefined;
  let fresh: HookState | undefined;
  const box = h("div", { class: "hook-state" });
  let view: ReturnType<typeof hookView> | undefined;
  let shown: string | undefined | null = null;
  const value = () => {
    const link = form.link(field.name);
    return link === undefined || link === null || link === "" ? undefined : String(link);
  };
  const choose = (id: Json) => form.writeLinked(words.changed(field.label), form.read(place.path) === undefined ? [[place.path, null]] : [], { [field.name]: id });
  const optionOf = (hook: Listed): Option => ({ value: String(hook.id), label: hook.name, note: hook.isFree ? "" : words.hookUsed(hook.usedBy) });
  const load = async () => {
    list = (await editor.get<{ hooks: Listed[] }>(`/editor/hooks?scenario=${editor.boot.scenario.id}`)).hooks;
    select.update();
    const own = list.filter((hook) => hook.isFree || String(hook.id) === value());
    return { choices: own.map(optionOf) };
  };
  const make = async () => {
    const made = await newHook(form);
    if (!made) return select.focus();
    fresh = made;
    list = [...(list ?? []), { id: made.id, name: made.name, isFree: true, usedBy: "" }];
    choose(made.id);
    update();
    select.update();
  };
  const select = combo({
    labelledBy: names.labelId,
    inputId: names.inputId,
    describedBy: names.describedBy,
    placeholder: words.chooseHook,
    value,
    text: () => {
      const now = value();
      return now === undefined ? "" : (list?.find((hook) => String(hook.id) === now)?.name ?? view?.name() ?? "…");
    },
    load,
    pick: (option) => {
      choose(Number(option.value));
      update();
    },
    acts: () => [{ label: words.newHook, icon: "plus", run: () => void make() }],
  });
  const none = () => {
    const was = form.restored(place)?.label;
    const create = h("button", { type: "button", class: "primary", onclick: () => void make() }, icon("plus"), words.newHook);
    return h("div", { class: "hook-none" }, h("p", { class: "field-note" }, typeof was === "string" && was !== "" ? words.accountWas(was) : words.hookMissing), create);
  };
  const update = () => {
    select.update();
    const now = value();
    if (now === shown) return;
    shown = now;
    view?.destroy();
    view = undefined;
    if (now === undefined) return box.replaceChildren(none());
    view = hookView(editor, Number(now), fresh?.id === Number(now) ? fresh : undefined, () => select.update());
    box.replaceChildren(view.element);
  };
  update();
  void load().catch(() => undefined);
  return {
    element: h("div", { class: "live" }, select.element, box),
    focus: select.focus,
    update,
    destroy: () => {
      view?.destroy();
      select.destroy();
    },
  };
}

/** Asks for a name and makes a webhook that waits for data at once. */
function newHook(form: Form): Promise<HookState | undefined> {
  const name = h("input", { required: true, autocomplete: "off", value: form.editor.boot.scenario.name });
  const check = (text: string) => {
    const input = h("input", { type: "checkbox" });
    return { input, element: h("label", { class: "check" }, input, text) };
  };
  const [headers, method, stringify] = [check(words.hookHeaders), check(words.hookMethod), check(words.hookStringify)];
  return dialog<HookState>({
    title: words.newHook,
    intro: words.newHookIntro,
    yes: words.create,
    body: [
      h("label", {}, words.hookName, name, h("small", { class: "field-help" }, words.hookNameHelp)),
      h("details", { class: "advanced" }, h("summary", {}, words.advanced), h("div", { class: "stack" }, headers.element, method.element, stringify.element)),
    ],
    done: () => form.editor.post<HookState>("/editor/hooks", { name: name.value, headers: headers.input.checked, method: method.input.checked, stringify: stringify.input.checked }),
  });
}
