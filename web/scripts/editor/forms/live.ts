/** Choices that only a service or this server knows: spreadsheets, sheets,
 *  data stores, structures, scenarios, and whatever else is asked for live. */
import { h, icon } from "../dom";
import type { Field, FieldType, Option } from "../editor";
import type { Json } from "../json";
import type { Choices } from "../services";
import { words } from "../words/forms";
import { combo } from "./combo";
import type { Change, Form, Place } from "./form";
import { makeDatastore, makeSpreadsheet } from "./making";
import { type Control, type Names, type Row, row } from "./row";
import { toggledRow } from "./toggled";
import { LINKED_TYPES, asText, choiceValue, isEmpty, isMapped, restoredChoice } from "./values";

/** Kept as links beside the document, never in it. */
export const LINKED = LINKED_TYPES;

/** Where these are made and looked after, opened in another tab. */
const PAGES: Partial<Record<FieldType, string>> = { datastore: "/datastores", structure: "/structures", spreadsheet: "/spreadsheets", scenario: "/scenarios" };

/** What a list hangs on may be typed. */
const PAUSE = 250;

export function liveRow(form: Form, field: Field, place: Place): Row {
  if (LINKED.has(field.type)) return row({ form, field: { ...field, required: false }, place, control: (names) => liveControl(form, field, place, names) });
  return toggledRow(form, field, place, { chosen: (names) => liveControl(form, field, place, names), back: (text) => (isMapped(text) ? undefined : text), type: "text" });
}

/** What stands there: the link, where there is one, else the document. */
function current(form: Form, field: Field, place: Place): Json | undefined {
  const link = form.link(field.name);
  if (link !== undefined || LINKED.has(field.type)) return link;
  return form.read(place.path);
}

function liveControl(form: Form, field: Field, place: Place, names: Names): Control {
  let known: Choices | undefined;
  let problem: string | undefined;
  /** What was taken as the only choice. */
  let byItself: string | undefined;
  const status = h("p", { class: "field-note" });
  const value = () => {
    const now = current(form, field, place);
    return isEmpty(now) ? undefined : asText(now);
  };
  const find = () => known?.choices.find((option) => sameId(option.value, value()));
  const text = () => {
    const now = value();
    if (now === undefined) return "";
    const note = form.restored(place);
    // Until the list has come, the name that it had in Make is better than a number.
    const isSame = form.link(field.name) === undefined || known === undefined || known.problem !== undefined;
    const path = Array.isArray(note?.path) && isSame ? asText(note.path.at(-1)) : "";
    return find()?.label ?? (path || (typeof note?.label === "string" && note.label !== "" ? note.label : now));
  };

  const load = async (search: string): Promise<Choices> => {
    const found = await form.choices(field.name, search);
    if (search === "" || !known) known = found;
    else known = { ...known, choices: [...known.choices, ...found.choices.filter((option) => !known?.choices.some((old) => old.value === option.value))] };
    problem = found.problem;
    say();
    return found;
  };

  const pick = (option: Option) => {
    const label = words.changed(field.label || field.name);
    const before = current(form, field, place);
    if (LINKED.has(field.type)) {
      const id: Json = /^\d+$/.test(option.value) ? Number(option.value) : option.value;
      const none: Change[] = form.read(place.path) === undefined ? [[place.path, null]] : [];
      form.writeLinked(label, none, { [field.name]: option.value === "" ? undefined : id });
    } else if (field.type === "spreadsheet") {
      // An imported one keeps its name in the document, so that the file can go
      // back to Make; ours stands beside it.
      const inside = form.read(place.path);
      const isOurs = isEmpty(inside) || inside === form.link(field.name);
      const changes: Change[] = isOurs ? [[place.path, option.value], ...noteOf(option)] : [];
      form.writeLinked(label, changes, { [field.name]: option.value });
    } else {
      form.write(label, [[place.path, choiceValue(option.value, before)], ...noteOf(option)]);
    }
  };
  const noteOf = (option: Option): Change[] => (place.restore ? [[place.restore, restoredChoice(form.restored(place), option.label, true)]] : []);

  const box = combo({
    labelledBy: names.labelId,
    inputId: names.inputId,
    describedBy: names.describedBy,
    placeholder: words.choose,
    text,
    value,
    load,
    pick: (option) => {
      if (known && !known.choices.some((old) => old.value === option.value)) known = { ...known, choices: [...known.choices, option] };
      pick(option);
      say();
    },
    acts: () => acts(),
    ...(field.type === "spreadsheet" ? { write: (text: string) => isSpreadsheetId(text) && pick({ value: spreadsheetId(text), label: spreadsheetId(text) }) } : {}),
    ...(field.type === "text" || field.type === "any" ? { write: (text: string) => form.write(words.changed(field.label || field.name), [[place.path, text === "" ? undefined : text]]) } : {}),
  });

  /** New things of ours can be made right here. */
  const acts = () => {
    const made = (option: Option) => {
      known = { ...(known ?? { choices: [] }), choices: [option, ...(known?.choices ?? [])] };
      pick(option);
      say();
      box.update();
      box.focus();
    };
    const account = form.link("__IMTCONN__");
    const isOurs = account === undefined || account === null || account === "builtin";
    if (field.type === "spreadsheet" && isOurs) return [{ label: words.newSpreadsheet, icon: "plus", run: () => void makeSpreadsheet(form).then((option) => option && made(option)) }];
    if (field.type === "datastore") return [{ label: words.newDatastore, icon: "plus", run: () => void makeDatastore(form).then((option) => option && made(option)) }];
    const page = PAGES[field.type];
    return page ? [{ label: words.makeElsewhere(field.type), icon: "external-link", run: () => void open(page, "_blank", "noopener") }] : [];
  };

  const say = () => {
    const isFree = field.type === "text" || field.type === "any";
    const isGone = !isFree && known && !known.problem && !known.more && value() !== undefined && !find();
    const page = PAGES[field.type];
    const id = field.type === "spreadsheet" && find() ? value() : undefined;
    const link = page && value() !== undefined && find() && field.type !== "scenario" && h("a", { href: id ? `${page}/${encodeURIComponent(id.replace(/^\//, ""))}` : `${page}/${value()}`, target: "_blank", rel: "noopener" }, words.openIt, icon("external-link"));
    const isEarly = /^choose /i.test(problem ?? "");
    status.className = `field-note ${isGone || (problem && !isEarly) ? "is-warn" : ""}`;
    const retry = problem && !isEarly && h("button", { type: "button", class: "small", onclick: () => void refresh() }, icon("refresh-cw"), words.again);
    const alone = byItself !== undefined && sameId(byItself, value()) && words.onlyOne;
    const all = [problem, alone, isGone && !problem && words.gone, retry, !problem && !isGone && link];
    const parts = all.filter((part): part is string | HTMLButtonElement | HTMLAnchorElement => part !== undefined && part !== false && part !== "");
    status.replaceChildren(...parts);
    status.hidden = parts.length === 0;
    box.update();
  };

  const refresh = async () => {
    try {
      await load("");
    } catch (error) {
      problem = error instanceof Error ? error.message : words.failed;
      say();
    }
  };

  /** The list as it was before what it hangs on was chosen. */
  let offered: string | undefined;
  let timer = 0;
  const isChosenAlone = field.required === true && field.type !== "spreadsheet" && !LINKED.has(field.type);
  /** Of one choice there is no choosing: it is taken, to be seen and undone. An
   *  account has many spreadsheets, so that one is never guessed. */
  const takeTheOnly = async () => {
    if (value() !== undefined) return;
    await refresh();
    const only = known && !known.problem && !known.more && known.choices.length === 1 ? known.choices[0] : undefined;
    const isNews = offered !== JSON.stringify(known?.choices);
    offered = JSON.stringify(known?.choices);
    if (!only || !isNews || value() !== undefined || !box.element.isConnected) return;
    pick(only);
    byItself = only.value;
    say();
    form.editor.say(words.onlyOneSaid(field.label || field.name, only.label));
  };

  let signature = form.signature;
  const reload = (isChange = true) => {
    if (form.signature === signature) return;
    signature = form.signature;
    known = undefined;
    clearTimeout(timer);
    if (value() !== undefined) void refresh();
    // What was just undone is not done again.
    else if (isChosenAlone && isChange) timer = window.setTimeout(() => void takeTheOnly(), PAUSE);
  };
  form.reloads.add(reload);
  say();
  // What is chosen is looked up once, so that a number is never shown.
  if (value() !== undefined) void refresh();
  const focused = () => known && void refresh();
  addEventListener("focus", focused);
  return {
    element: h("div", { class: "live" }, box.element, status),
    focus: box.focus,
    update: () => say(),
    setInvalid: box.setInvalid,
    destroy: () => {
      clearTimeout(timer);
      form.reloads.delete(reload);
      removeEventListener("focus", focused);
      box.destroy();
    },
  };
}

/** A spreadsheet may be pasted as the address that the browser shows. */
function spreadsheetId(text: string): string {
  return /\/(?:spreadsheets\/d|spreadsheets)\/([^/?#]+)/.exec(text)?.[1] ?? text;
}

/** What was only looked for in the list is none. */
function isSpreadsheetId(text: string): boolean {
  return /^[\w-]{20,}$/.test(spreadsheetId(text));
}

/** Make writes some ids with a slash before them. */
function sameId(one: string, other: string | undefined): boolean {
  return other !== undefined && one.replace(/^\//, "") === other.replace(/^\//, "");
}
