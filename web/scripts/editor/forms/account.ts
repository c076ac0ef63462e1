/** Accounts: chosen from the fitting ones, or made right here in a dialog, so
 *  that nothing of the module is lost. */
import { h, icon } from "../dom";
import type { Editor, Field, Option } from "../editor";
import type { Json } from "../json";
import { words } from "../words/forms";
import { combo } from "./combo";
import { dialog } from "./dialog";
import type { Form, Place } from "./form";
import { type Control, type Names, type Row, row } from "./row";

interface Accounts {
  choices: Option[];
  builtIn: string | null;
  create: { kind: string; label: string }[];
}

const BUILT_IN = "builtin";

export function accountRow(form: Form, field: Field, place: Place): Row {
  return row({ form, field: { ...field, required: false }, place, control: (names) => control(form, field, place, names) });
}

function control(form: Form, field: Field, place: Place, names: Names): Control {
  let known: Accounts | undefined;
  const note = h("div", { class: "field-note" });
  const value = () => {
    const link = form.link(field.name);
    return link === undefined || link === null || link === "" ? undefined : String(link);
  };
  const find = () => known?.choices.find((option) => option.value === value());
  const text = () => {
    const now = value();
    if (now === undefined) return "";
    if (now === BUILT_IN) return known?.builtIn ?? words.builtIn;
    return find()?.label ?? (known ? words.goneAccount : "…");
  };
  const pick = (chosen: string) => {
    const id: Json = /^\d+$/.test(chosen) ? Number(chosen) : chosen;
    form.writeLinked(words.changed(field.label), form.read(place.path) === undefined ? [[place.path, null]] : [], { [field.name]: id });
    say();
  };
  const load = async () => {
    known = await form.editor.get<Accounts>(`/editor/connections?kinds=${encodeURIComponent((field.kinds ?? []).join(","))}`);
    const first = known.builtIn ? [{ value: BUILT_IN, label: known.builtIn, note: words.noAccount }] : [];
    say();
    return { choices: [...first, ...known.choices] };
  };
  const create = (kind: string) =>
    void newAccount(form.editor, kind).then((made) => {
      if (!made) return box.focus();
      known = { ...(known ?? { builtIn: null, create: [] }), choices: [...(known?.choices ?? []), made] };
      pick(made.value);
      box.update();
      box.focus();
    });
  const box = combo({
    labelledBy: names.labelId,
    inputId: names.inputId,
    describedBy: names.describedBy,
    placeholder: words.chooseAccount,
    text,
    value,
    load,
    pick: (option) => pick(option.value),
    acts: () => (known?.create ?? []).map(({ kind, label }) => ({ label: words.createNamed(label), icon: "plus", run: () => create(kind) })),
  });

  const say = () => {
    const was = form.restored(place)?.label;
    const isGone = known && value() !== undefined && value() !== BUILT_IN && !find();
    const parts: (Node | string)[] = [];
    if (isGone) parts.push(words.accountGone);
    else if (value() === undefined) {
      parts.push(typeof was === "string" && was !== "" ? words.accountWas(was) : field.required || known?.builtIn ? words.accountMissing : "");
      if (known?.builtIn) parts.push(h("button", { type: "button", class: "small", onclick: () => pick(BUILT_IN) }, words.use(known.builtIn)));
      const kind = known?.create[0];
      if (kind && known?.choices.length === 0) parts.push(h("button", { type: "button", class: "small", onclick: () => create(kind.kind) }, icon("plus"), words.createAccount));
    } else if (value() !== BUILT_IN) parts.push(h("a", { href: `/connections/${value()}`, target: "_blank", rel: "noopener" }, words.openIt, icon("external-link")));
    const shown = parts.filter((part) => part !== "");
    note.replaceChildren(...shown);
    note.classList.toggle("is-warn", isGone === true || (value() === undefined && field.required === true));
    note.hidden = shown.length === 0;
    box.update();
  };
  const refresh = () => void load().catch(() => say());
  refresh();
  addEventListener("focus", refresh);
  return {
    element: h("div", { class: "live" }, box.element, note),
    focus: box.focus,
    update: say,
    destroy: () => {
      removeEventListener("focus", refresh);
      box.destroy();
    },
  };
}

interface Asked {
  kind: string;
  label: string;
  help: string;
  name: string;
  canBeTested: boolean;
  fields: { name: string; label: string; help: string; value: string; kind: "text" | "area" | "password" | "number" | "check" | "select"; choices: { value: string; label: string; is_chosen: boolean }[]; required: boolean; isSecret: boolean }[];
}

/** Asks what a new connection needs, makes it and tries it. */
async function newAccount(editor: Editor, kind: string): Promise<Option | undefined> {
  const path = `/editor/connections/new/${encodeURIComponent(kind)}`;
  let asked: Asked;
  try {
    asked = await editor.get<Asked>(path);
  } catch (error) {
    editor.say(error instanceof Error ? error.message : words.failed, "bad");
    return undefined;
  }
  const name = h("input", { name: "connection_name", value: asked.name, required: true, autocomplete: "off" });
  const inputs = asked.fields.map((field) => ({ field, input: inputOf(field) }));
  const made = await dialog<Option>({
    title: words.newAccount(asked.label),
    intro: asked.help,
    yes: words.create,
    body: [labelled(words.accountName, name, words.accountNameHelp, true), ...inputs.map(({ field, input }) => labelled(field.label, input, field.help, field.required, field.kind === "check"))],
    done: async () => {
      const values = inputs.map(({ field, input }) => [field.name, input instanceof HTMLInputElement && field.kind === "check" ? (input.checked ? "on" : "") : input.value]);
      const answer = await editor.post<{ id: string; name: string }>(path, { name: name.value, values });
      return { value: answer.id, label: answer.name, note: asked.label };
    },
  });
  if (made && asked.canBeTested) void tryOut(editor, made.value);
  return made;
}

async function tryOut(editor: Editor, id: string): Promise<void> {
  try {
    const { works, text } = await editor.post<{ works: boolean; text: string }>(`/editor/connections/${id}/test`, {});
    editor.say(works ? words.accountWorks(text) : words.accountFails(text), works ? "ok" : "warn");
  } catch {
    // It is made all the same; its own page can try it again.
  }
}

function inputOf(field: Asked["fields"][number]): HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement {
  if (field.kind === "select") return h("select", { name: field.name }, ...field.choices.map((choice) => h("option", { value: choice.value, selected: choice.is_chosen }, choice.label)));
  if (field.kind === "area") return h("textarea", { name: field.name, rows: 4, spellcheck: "false", autocomplete: "off" }, field.value);
  const isOn = field.kind === "check" && !["", "false", "0"].includes(field.value);
  return h("input", { name: field.name, type: field.kind === "check" ? "checkbox" : field.kind === "password" ? "password" : "text", inputmode: field.kind === "number" ? "numeric" : undefined, value: field.kind === "check" ? "on" : field.value, checked: isOn, autocomplete: field.isSecret ? "new-password" : "off" });
}

function labelled(label: string, input: HTMLElement, help: string, isRequired: boolean, isCheck = false): HTMLElement {
  const star = isRequired && h("span", { class: "required", "aria-hidden": "true" }, " *");
  const text = h("span", {}, label, star);
  return isCheck ? h("label", { class: "check" }, input, h("span", {}, text, help && h("small", { class: "field-help" }, help))) : h("label", {}, text, input, help && h("small", { class: "field-help" }, help));
}
