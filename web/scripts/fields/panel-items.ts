/** The items of the modules before, as pills with their last values. */
import { h, icon, uniqueId } from "../editor/dom";
import type { Item } from "../editor/services";
import { words } from "../editor/words/mapping";
import { type Which, byPath, inList, listInList } from "./list-paths";
import type { Insertion } from "./insertion";
import { type Pick, pill } from "./panel-pill";
import type { Group } from "./world";

const MOST = 60;

/** Which rows are open, kept while the panel is drawn again. */
export type Opened = Map<string, boolean>;

interface Around {
  app: string;
  pick: Pick;
  opened: Opened;
}

/** A module with its items. */
export function groupSection(group: Group, pick: Pick, opened: Opened): HTMLElement {
  const from = words.from[group.from] ?? "";
  const head = h(
    "h3",
    { class: "mapping-head" },
    h("b", { class: "num", "data-app": group.app }, group.module),
    h("span", { class: "grow" }, group.name),
    from !== "" && h("small", {}, from),
  );
  const body = group.items.length === 0 ? h("p", { class: "quiet" }, words.noItems) : list(group.items, "", (rest) => rest, { app: group.app, pick, opened }, 0);
  const more = group.more ? h("p", { class: "quiet" }, words.more(group.more)) : undefined;
  return h("section", { class: "mapping-group" }, head, body, more);
}

/** Rows of items. `make` gives the formula for a path below `base`. */
function list(items: readonly Item[], base: string, make: (rest: string) => string, around: Around, level: number): HTMLElement {
  const rows = (some: readonly Item[]) => some.map((item) => row(item, make(restOf(item, base)), make, restOf(item, base), around, level));
  const box = h("ul", { class: "mapping-items" }, ...rows(items.slice(0, MOST)));
  if (items.length > MOST) {
    const all = h("button", { type: "button", class: "small ghost" }, words.showAll(items.length));
    const last = h("li", {}, all);
    all.addEventListener("click", () => {
      const added = rows(items.slice(MOST));
      last.replaceWith(...added);
      added[0]?.querySelector<HTMLElement>("button.pill")?.focus();
    });
    box.append(last);
  }
  return box;
}

function restOf(item: Item, base: string): string {
  return item.path.startsWith(base) ? item.path.slice(base.length) : item.path;
}

function row(item: Item, code: string, make: (rest: string) => string, rest: string, around: Around, level: number): HTMLElement {
  const label = item.label || item.name;
  const button = pill(label, { kind: "value", code }, around.pick, { app: around.app });
  const value = item.sample ?? "";
  const type = words.types[item.type] ?? item.type;
  const line = h("div", { class: "mapping-row" }, button, h("span", { class: "sample" }, value), h("span", { class: "type" }, type));
  const inside = item.spec ?? [];
  const isList = item.type === "array";
  if (inside.length === 0 && !isList) return h("li", {}, line);
  return withInside(item, line, label, around, level, () =>
    isList ? listInside(item, code, around, level) : [list(inside, item.path, (below) => make(rest + below), around, level + 1), moreOf(item)],
  );
}

/** A row that can be opened, by a button of its own. */
function withInside(item: Item, line: HTMLElement, label: string, around: Around, level: number, fill: () => (HTMLElement | undefined)[]): HTMLElement {
  const id = uniqueId("mapping-inside");
  const box = h("div", { id, class: "mapping-inside" });
  const isShort = item.type === "collection" && level < 2 && (item.spec?.length ?? 0) <= 12;
  const toggle = h("button", { type: "button", class: "disclose", tabindex: "-1", "aria-controls": id, "aria-label": words.open(label) }, icon("chevron-right"));
  const set = (isOpen: boolean) => {
    around.opened.set(item.path, isOpen);
    toggle.setAttribute("aria-expanded", String(isOpen));
    box.hidden = !isOpen;
    if (isOpen && box.childElementCount === 0) box.append(...fill().filter((part) => part !== undefined));
  };
  toggle.addEventListener("click", () => {
    set(box.hidden !== false);
    box.scrollIntoView({ block: "nearest" });
  });
  line.prepend(toggle);
  set(around.opened.get(item.path) ?? isShort);
  return h("li", {}, line, box);
}

function moreOf(item: Item): HTMLElement | undefined {
  return item.more ? h("p", { class: "quiet" }, words.more(item.more)) : undefined;
}

/** What a list is, which of its items are meant, and what is in them. */
function listInside(item: Item, code: string, around: Around, level: number): (HTMLElement | undefined)[] {
  const number = h("input", { type: "number", min: "1", value: "1", class: "number", "aria-label": words.number, hidden: true });
  const choice = h(
    "select",
    { "aria-label": words.which },
    ...(["first", "last", "nth", "all"] as const).map((kind) => h("option", { value: kind }, words[kind])),
  );
  const below = h("div", {});
  const which = (): Which => {
    const kind = choice.value as Which["kind"];
    return kind === "nth" ? { kind, number: Math.max(1, Math.round(Number(number.value)) || 1) } : { kind };
  };
  const draw = () => {
    number.hidden = choice.value !== "nth";
    below.replaceChildren(itemsOf(item, code, which(), around, level));
  };
  choice.addEventListener("change", draw);
  number.addEventListener("input", draw);
  draw();
  const hint = h("p", { class: "quiet" }, words.iteratorHint);
  return [h("div", { class: "mapping-list" }, h("p", {}, words.listWhy), h("div", { class: "row" }, choice, number)), below, moreOf(item), helpers(code, around), hint];
}

/** The fields of the items, or the items themselves when they have none. */
function itemsOf(item: Item, code: string, which: Which, around: Around, level: number): HTMLElement {
  const inside = item.spec ?? [];
  const base = `${item.path}[]`;
  if (inside.length === 0) {
    const label = which.kind === "all" ? words.wholeList : which.kind === "nth" ? `${words.nth.replace("…", String(which.number))}` : words[which.kind];
    return h("div", { class: "mapping-row" }, pill(label, { kind: "value", code: inList(code, which, "") }, around.pick, { app: around.app }));
  }
  const make = (rest: string) => {
    const inner = inside.find((one) => restOf(one, base) === rest);
    return inner?.type === "array" ? listInList(code, which, rest) : inList(code, which, rest);
  };
  return list(inside, base, make, around, level + 1);
}

/** Formulas with the whole list, and one for a path in it. */
function helpers(code: string, around: Around): HTMLElement {
  const helper = (label: string, formula: string) => pill(label, { kind: "value", code: formula }, around.pick, {});
  const path = h("input", { type: "text", "aria-label": words.path, placeholder: words.pathExample, title: words.pathHelp });
  const put = () => around.pick({ kind: "value", code: byPath(code, path.value || "1") } satisfies Insertion, false);
  path.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    put();
  });
  return h(
    "div",
    { class: "mapping-helpers" },
    helper(words.count, `length(${code})`),
    helper(words.joined, `join(${code}; ", ")`),
    h("label", { class: "by-path" }, h("span", {}, words.byPath), path, h("button", { type: "button", class: "small", onclick: put }, words.put)),
  );
}
