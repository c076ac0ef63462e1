/** Ctrl+K: finds a module by name, number, app, or a text in its settings. The
 *  same list lets a person choose the module that a link leads to. */
import { described, isPlaceholder, labelOf } from "./blueprint";
import { named } from "./commands";
import { openDialog } from "./dialog";
import { disc, h, icon, uniqueId } from "./dom";
import type { Catalogue, CatalogueApp, Editor } from "./editor";
import { type Json, isCollection } from "./json";
import { folded } from "./search";
import { type Entry, type Module } from "./tree";
import { words } from "./words/menus";

export async function findModule(editor: Editor): Promise<void> {
  const all = editor.store.entries.filter((entry) => !isPlaceholder(entry.module));
  const key = await chooseModule(editor, words.find, all, named());
  if (key === undefined) return;
  editor.selection.set([key]);
  editor.services.scene?.reveal(key, { focus: true });
}

/** Where a module was found; the text of its settings when it was there. */
export interface Hit {
  entry: Entry;
  /** The settings' field and a piece of its text. */
  field: string;
  snippet: string;
  score: number;
}

/** Finds modules: names and numbers before texts in settings. */
export function findIn(all: readonly Entry[], query: string, names: (entry: Entry) => string): Hit[] {
  const wanted = folded(query.trim());
  if (wanted === "") return all.map((entry) => ({ entry, field: "", snippet: "", score: 0 }));
  const hits: Hit[] = [];
  for (const entry of all) {
    const name = folded(names(entry));
    const number = String(entry.id ?? "");
    if (number === wanted) hits.push({ entry, field: "", snippet: "", score: 100 });
    else if (name.startsWith(wanted)) hits.push({ entry, field: "", snippet: "", score: 90 });
    else if (name.includes(wanted)) hits.push({ entry, field: "", snippet: "", score: 80 });
    else {
      const found = inSettings(entry.module, wanted);
      if (found) hits.push({ entry, ...found, score: 40 });
    }
  }
  return hits.sort((a, b) => b.score - a.score);
}

const AROUND = 34;

/** The first setting that has the text, with some of what stands around it. */
function inSettings(module: Module, wanted: string): { field: string; snippet: string } | undefined {
  const parts: [string, Json | undefined][] = [["", module.mapper], ["", module.parameters], ["filter", module.filter]];
  const queue: [string, Json][] = parts.filter((part): part is [string, Json] => part[1] !== undefined);
  for (let next = queue.shift(); next; next = queue.shift()) {
    const [field, value] = next;
    if (Array.isArray(value)) queue.push(...value.map((item): [string, Json] => [field, item]));
    else if (isCollection(value)) queue.push(...Object.entries(value).map(([key, item]): [string, Json] => [field || key, item]));
    else if (value !== null) {
      const text = String(value);
      const at = folded(text).indexOf(wanted);
      if (at >= 0) return { field, snippet: `${at > AROUND ? "…" : ""}${text.slice(Math.max(0, at - AROUND), at + wanted.length + AROUND)}${at + wanted.length + AROUND < text.length ? "…" : ""}` };
    }
  }
  return undefined;
}

/** Asks for a module; nothing when it was not chosen. */
export function chooseModule(editor: Editor, title: string, all: readonly Entry[], catalogue: Catalogue | undefined): Promise<string | undefined> {
  return new Promise((answer) => {
    let chosen: string | undefined;
    const listId = uniqueId("finder-list");
    const input = h("input", { type: "search", role: "combobox", "aria-expanded": "true", "aria-autocomplete": "list", "aria-controls": listId, "aria-label": words.findHelp, placeholder: words.findHelp, autocomplete: "off", spellcheck: "false" });
    const list = h("div", { class: "picker-list", id: listId, role: "listbox", "aria-label": title });
    const status = h("p", { class: "hidden", role: "status" });
    const dialog = openDialog(title, () => answer(chosen));
    dialog.element.classList.add("finder");
    const none = h("p", { class: "picker-empty" });
    dialog.body.replaceWith(h("div", { class: "picker-field" }, icon("search"), input), list, none, status);
    dialog.foot.remove();
    const looks = appsOf(editor, catalogue);
    const name = (entry: Entry) => `${labelOf(entry.module, catalogue)} ${looks.label(entry)} ${entry.module.module}`;
    let rows: { element: HTMLElement; key: string }[] = [];
    let active = 0;
    const activate = (index: number): void => {
      rows[active]?.element.setAttribute("aria-selected", "false");
      active = index;
      const row = rows[index];
      row?.element.setAttribute("aria-selected", "true");
      if (row) input.setAttribute("aria-activedescendant", row.element.id);
      else input.removeAttribute("aria-activedescendant");
      row?.element.scrollIntoView({ block: "nearest" });
    };
    const take = (key: string | undefined): void => {
      if (key === undefined) return;
      chosen = key;
      dialog.close();
    };
    const draw = (): void => {
      const hits = findIn(all, input.value, name);
      rows = hits.slice(0, 100).map((hit) => ({ key: hit.entry.key, element: hitRow(hit, looks, catalogue, input.value) }));
      list.replaceChildren(...rows.map(({ element }) => element));
      list.hidden = rows.length === 0;
      none.hidden = rows.length > 0;
      none.textContent = words.findNone(input.value);
      status.textContent = input.value === "" ? "" : words.findCount(hits.length);
      activate(0);
    };
    input.addEventListener("input", draw);
    input.addEventListener("keydown", (event) => {
      const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (by !== undefined && rows.length > 0) activate((active + by + rows.length) % rows.length);
      else if (event.key === "Enter") take(rows[active]?.key);
      else return;
      event.preventDefault();
    });
    list.addEventListener("click", (event) => take(rows.find(({ element }) => element.contains(event.target as Node))?.key));
    draw();
    input.focus();
  });
}

interface Looks {
  app(entry: Entry): CatalogueApp | undefined;
  label(entry: Entry): string;
}

function appsOf(editor: Editor, catalogue: Catalogue | undefined): Looks {
  const app = (entry: Entry) => {
    const name = entry.module.module.split(":")[0] ?? "";
    const found = catalogue?.apps.find((other) => other.name === name) ?? editor.boot.apps[name];
    const own = described(entry.module, catalogue)?.icon;
    return found && own ? { ...found, icon: own } : found;
  };
  return { app, label: (entry) => app(entry)?.label ?? entry.module.module.split(":")[0] ?? "" };
}

function hitRow(hit: Hit, looks: Looks, catalogue: Catalogue | undefined, query: string): HTMLElement {
  const { entry } = hit;
  const where = hit.field === "" ? [] : [h("span", { class: "picker-note" }, words.inSettings(hit.field), ...marked(hit.snippet, query))];
  const number = words.number(entry.id);
  return h(
    "div",
    { class: "picker-row", role: "option", id: uniqueId("finder-option"), "aria-selected": "false" },
    disc(looks.app(entry)),
    h("span", { class: "picker-text" }, h("span", { class: "picker-name" }, labelOf(entry.module, catalogue)), h("span", { class: "picker-note" }, [looks.label(entry), number].filter(Boolean).join(" · ")), ...where),
  );
}

/** The text with what was searched marked. */
function marked(text: string, query: string): (HTMLElement | string)[] {
  const wanted = folded(query.trim());
  const at = folded(text).indexOf(wanted);
  if (at < 0 || folded(text).length !== text.length) return [text];
  return [text.slice(0, at), h("mark", {}, text.slice(at, at + wanted.length)), text.slice(at + wanted.length)];
}
