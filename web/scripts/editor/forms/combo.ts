/** A list to choose from that can be searched: for accounts, spreadsheets,
 *  sheets and the like, whose number nobody knows beforehand. */
import { h, icon, uniqueId } from "../dom";
import type { Option } from "../editor";
import type { Choices } from "../services";
import { words } from "../words/forms";

export interface ComboOptions {
  labelledBy: string;
  /** The id that the label names. */
  inputId: string;
  describedBy: string;
  placeholder: string;
  /** What is chosen, as read by people. */
  text(): string;
  value(): string | undefined;
  load(search: string): Promise<Choices>;
  pick(option: Option): void;
  /** Takes what was written although it is none of the list. */
  write?(text: string): void;
  /** Things to do at the end of the list, such as making a new one. */
  acts?(): { label: string; icon: string; run: () => void }[];
}

export interface Combo {
  element: HTMLElement;
  focus(): void;
  /** Shows what is chosen now, unless somebody is writing. */
  update(): void;
  setInvalid(message: string | undefined): void;
  destroy(): void;
}

const PAUSE = 200;

/** Entries of the list, made so that an arrow can go over all of them. */
interface Entry {
  element: HTMLElement;
  run(): void;
}

export function combo(options: ComboOptions): Combo {
  const listId = uniqueId("list");
  const input = h("input", {
    type: "text",
    role: "combobox",
    autocomplete: "off",
    spellcheck: "false",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": listId,
    id: options.inputId,
    "aria-describedby": options.describedBy,
    placeholder: options.placeholder,
  });
  const opener = h("button", { type: "button", class: "ghost combo-open", tabindex: "-1", "aria-hidden": "true" }, icon("chevron-down"));
  const list = h("div", { id: listId, class: "combo-list", role: "listbox", "aria-labelledby": options.labelledBy, popover: "manual" });
  const element = h("div", { class: "combo" }, input, opener, list);
  let entries: Entry[] = [];
  let active = -1;
  let isOpen = false;
  let isSearching = false;
  let asked = 0;
  let timer = 0;

  const open = () => {
    if (isOpen) return;
    isOpen = true;
    list.showPopover();
    input.setAttribute("aria-expanded", "true");
    place(list, element);
    follow();
    void load("");
  };
  /** The form may move below the list: a notice goes, the panel is scrolled. */
  const follow = () => {
    if (!isOpen) return;
    place(list, element);
    requestAnimationFrame(follow);
  };
  const close = (restore = true) => {
    if (!isOpen) return;
    isOpen = false;
    isSearching = false;
    clearTimeout(timer);
    asked += 1;
    list.hidePopover();
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    if (restore) input.value = options.text();
  };
  const mark = (index: number) => {
    entries[active]?.element.classList.remove("is-active");
    active = index;
    const entry = entries[active]?.element;
    if (!entry) return input.removeAttribute("aria-activedescendant");
    entry.classList.add("is-active");
    entry.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", entry.id);
  };
  const choose = (option: Option) => {
    close(false);
    options.pick(option);
    input.value = options.text();
  };
  const add = (element: HTMLElement, run: () => void) => {
    element.addEventListener("click", run);
    entries.push({ element, run });
    list.append(element);
  };

  async function load(search: string): Promise<void> {
    const ticket = (asked += 1);
    note(words.loading, "is-loading");
    list.setAttribute("aria-busy", "true");
    let found: Choices;
    try {
      found = await options.load(search);
    } catch (error) {
      found = { choices: [], problem: error instanceof Error ? error.message : words.failed };
    }
    if (ticket !== asked || !isOpen) return;
    show(found, search);
  }

  function note(text: string, kind: string): void {
    entries = [];
    active = -1;
    list.replaceChildren(h("p", { class: `combo-note ${kind}`, role: "presentation" }, text));
  }

  function show(found: Choices, search: string): void {
    list.removeAttribute("aria-busy");
    const wanted = search.trim().toLowerCase();
    const fits = (option: Option) => wanted === "" || `${option.label} ${option.note ?? ""}`.toLowerCase().includes(wanted);
    const shown = found.choices.filter(fits);
    if (found.problem) note(found.problem, "is-problem");
    else if (shown.length === 0) note(wanted ? words.noneFound(search) : words.noneThere, "is-empty");
    else note("", "is-gone");
    if (shown.length > 0) list.replaceChildren();
    const chosen = options.value();
    for (const option of shown) {
      const isChosen = option.value === chosen;
      const row = h("div", { id: uniqueId("option"), role: "option", class: "combo-option", "aria-selected": String(isChosen) }, h("span", { class: "grow" }, option.label), option.note && h("small", {}, option.note), isChosen && icon("check"));
      add(row, () => choose(option));
      if (isChosen && wanted === "") mark(entries.length - 1);
    }
    if (found.more) list.append(h("p", { class: "combo-note" }, words.more));
    const acts = [{ label: words.refresh, icon: "refresh-cw", run: () => void load(search) }, ...(options.acts?.() ?? [])];
    for (const act of acts) {
      const row = h("div", { id: uniqueId("option"), role: "option", class: "combo-option combo-act", "aria-selected": "false" }, icon(act.icon), act.label);
      add(row, () => {
        if (act.icon !== "refresh-cw") close();
        act.run();
      });
    }
    if (isSearching && shown.length > 0 && !options.write) mark(0);
  }

  input.addEventListener("click", open);
  opener.addEventListener("click", () => {
    if (isOpen) return close();
    input.focus();
    open();
  });
  input.addEventListener("input", () => {
    open();
    isSearching = true;
    clearTimeout(timer);
    timer = window.setTimeout(() => void load(input.value), PAUSE);
  });
  input.addEventListener("focus", () => input.select());
  const leave = () => {
    if (options.write && isSearching && input.value !== options.text()) options.write(input.value.trim());
    close();
  };
  input.addEventListener("blur", leave);
  // A press on the list must not take the focus from the field.
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!isOpen) return open();
      const step = event.key === "ArrowDown" ? 1 : -1;
      mark(entries.length === 0 ? -1 : (active + step + entries.length) % entries.length);
    } else if (event.key === "Enter" && isOpen) {
      event.preventDefault();
      if (active < 0) leave();
      else entries[active]?.run();
    } else if (event.key === "Escape" && isOpen) {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  });
  input.value = options.text();
  return {
    element,
    focus: () => input.focus(),
    update: () => {
      if (!isOpen) input.value = options.text();
    },
    setInvalid: (message) => (message ? input.setAttribute("aria-invalid", "true") : input.removeAttribute("aria-invalid")),
    destroy: () => close(false),
  };
}

/** Under its field, or above it where there is more room. */
function place(list: HTMLElement, under: HTMLElement): void {
  const rect = under.getBoundingClientRect();
  const below = innerHeight - rect.bottom - 16;
  const above = rect.top - 16;
  const isAbove = below < 180 && above > below;
  const [top, bottom] = isAbove ? ["auto", `${innerHeight - rect.top + 4}px`] : [`${rect.bottom + 4}px`, "auto"];
  const wanted = { left: `${rect.left}px`, width: `${rect.width}px`, maxHeight: `${Math.max(120, Math.min(340, isAbove ? above : below))}px`, top, bottom };
  const state = JSON.stringify(wanted);
  if (list.dataset.place === state) return;
  list.dataset.place = state;
  Object.assign(list.style, wanted);
}
