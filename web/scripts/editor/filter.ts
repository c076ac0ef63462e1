/** The panel of a filter: its label, its conditions, whether its route is the
 *  fallback, and what it says to the bundles of the last run while one types. */
import { apply, fallbackOf, filterOf, find, isRouter, labelOf, setFallback, setFilter, takesFilter, wayInto } from "./blueprint";
import { h, icon, uniqueId } from "./dom";
import type { Catalogue, Editor, MenuItem, Panel } from "./editor";
import { copiedFilter, keepFilter } from "./filter/copied";
import { FRESH, type Groups, groupsOf, says, stored } from "./filter/model";
import { Rules } from "./filter/rules";
import type { FilterTest } from "./filter/tested";
import { Truth } from "./filter/truth";
import { type Json, same } from "./json";
import type { Filter } from "./services";
import { panelFrame } from "./shell";
import { type Entry, list } from "./tree";
import { words } from "./words/filter";

/** A pause in the typing before the server is asked. */
const WAIT = 350;
/** Where conditions are while a filter is off: Make reads such a filter as one
 *  that lets everything through, and keeps what it does not know. */
const SET_ASIDE = "conditionsOff";

export function start(editor: Editor): void {
  editor.panels.set("filter", open as never);
}

function open(panel: Extract<Panel, { kind: "filter" }>, box: HTMLElement, editor: Editor): (() => void) | void {
  const entry = find(editor.store.doc, panel.key);
  if (!entry) return editor.close();
  if (takesFilter(editor.store.doc.root, entry)) return new FilterPanel(panel.key, box, editor).open();
  const { body } = panelFrame(box, editor, { title: words.noFilter, icon: "filter" });
  body.append(h("p", {}, entry.parent === undefined ? words.noFilterFirst : words.noFilterElse));
}

class FilterPanel {
  #groups: Groups;
  #timer = 0;
  #asked = 0;
  readonly #rules: Rules;
  readonly #truth = new Truth();
  readonly #label = h("input", { type: "text", maxlength: 250, autocomplete: "off" });
  readonly #fallback = h("input", { type: "checkbox", role: "switch" });
  readonly #state = h("div", { class: "filter-state" });

  constructor(
    readonly key: string,
    readonly box: HTMLElement,
    readonly editor: Editor,
  ) {
    this.#groups = this.#shown(this.#filter);
    this.#rules = new Rules({ editor, module: this.#place, write: (groups, mark) => this.#write(groups, mark) });
  }

  get #entry(): Entry | undefined {
    return find(this.editor.store.doc, this.key);
  }

  get #filter(): Filter | undefined {
    const entry = this.#entry;
    return entry && filterOf(this.editor.store.doc.root, entry);
  }

  get #owner(): Entry | undefined {
    const way = this.#entry && wayInto(this.#entry);
    return way && this.editor.store.entries.find((other) => same(other.path as Json, way.owner as Json));
  }

  get #isBranch(): boolean {
    return this.#entry !== undefined && wayInto(this.#entry)?.part === "branches";
  }

  /** The module whose sight counts: an if-else decides before its branches, and
   *  an empty circle has no number of its own. */
  get #place(): string {
    const entry = this.#entry;
    const owner = this.#owner;
    return owner && (this.#isBranch || entry?.id === undefined) ? owner.key : this.key;
  }

  open(): () => void {
    const entry = this.#entry;
    const name = (catalogue?: Catalogue) => words.before(entry ? labelOf(entry.module, catalogue) : "");
    const { body, foot } = panelFrame(this.box, this.editor, { title: this.#isBranch ? words.branchTitle : words.title, detail: name(), icon: "filter", ...(entry?.id === undefined ? {} : { number: String(entry.id) }) });
    body.append(...this.#fields(), this.#state, this.#rules.element, this.#truth.element);
    foot.append(...this.#buttons());
    this.#rules.show(this.#groups);
    this.#update();
    void this.#load();
    void this.editor.catalogue().then((catalogue) => this.box.querySelector(".panel-head .detail")?.replaceChildren(name(catalogue)), () => undefined);
    this.#ask(0);
    const { signals, store } = this.editor;
    const again = () => this.#ask(0);
    const unsubscribe = store.subscribe(() => this.#changed());
    signals.addEventListener("items", again);
    return () => {
      clearTimeout(this.#timer);
      this.#asked += 1;
      unsubscribe();
      signals.removeEventListener("items", again);
      this.#rules.destroy();
    };
  }

  #fields(): HTMLElement[] {
    const labelId = uniqueId("label");
    this.#label.id = labelId;
    this.#label.placeholder = words.labelHint;
    this.#label.addEventListener("input", () => this.#write(this.#groups, "name"));
    const label = h("div", { class: "field" }, h("label", { class: "field-label", for: labelId }, words.label), this.#label);
    const owner = this.#owner;
    if (!owner || !isRouter(owner.module)) return [label];
    const helpId = uniqueId("help");
    this.#fallback.setAttribute("aria-describedby", helpId);
    this.#fallback.addEventListener("change", () => this.#markFallback());
    const fallback = h("div", { class: "field" }, h("label", { class: "check" }, this.#fallback, words.fallback), h("p", { class: "field-help", id: helpId }, words.fallbackHelp));
    return [label, fallback];
  }

  #markFallback(): void {
    const [owner, way] = [this.#owner, this.#entry && wayInto(this.#entry)];
    if (owner && way) apply(this.editor, setFallback(this.editor.store.doc, owner.key, this.#fallback.checked ? way.index : undefined));
  }

  #buttons(): HTMLElement[] {
    const more = h("button", { type: "button", class: "small icon-only", "aria-label": words.more, title: words.more, "aria-haspopup": "menu", onclick: () => this.editor.menu(more, this.#menu(), more) }, icon("ellipsis"));
    return [more, h("span", { class: "grow" }), h("button", { type: "button", class: "primary", onclick: () => this.editor.close() }, words.done)];
  }

  #menu(): MenuItem[] {
    const filter = this.#filter;
    const isOff = filter?.[SET_ASIDE] !== undefined;
    const isEmpty = !isOff && stored(this.#groups).length === 0;
    const items: (MenuItem | false)[] = [
      { label: words.copy, icon: "copy", disabled: isEmpty, run: () => this.#copy() },
      { label: words.paste, icon: "clipboard-paste", disabled: copiedFilter() === undefined, run: () => this.#paste() },
      // A branch without conditions would take everything from those after it.
      !this.#isBranch && { label: isOff ? words.on : words.off, icon: "power", disabled: isEmpty, run: () => this.#switch() },
      { label: words.removeFilter, icon: "trash-2", danger: true, separated: true, disabled: filter === undefined, run: () => this.#remove() },
    ];
    return items.filter((item) => item !== false);
  }

  async #load(): Promise<void> {
    const language = await this.editor.services.knowledge?.language().catch(() => undefined);
    if (language && this.#rules.element.isConnected) this.#rules.know(language.comparisons);
  }

  /** One empty row invites to begin; it is not stored. */
  #shown(filter: Filter | undefined): Groups {
    const groups = groupsOf(filter?.conditions);
    return groups.length === 0 && filter?.[SET_ASIDE] === undefined ? [[{ ...FRESH }]] : groups;
  }

  #write(groups: Groups, mark?: string): void {
    this.#groups = groups;
    const { name: _, conditions: __, ...others } = this.#filter ?? {};
    this.#set({ name: this.#label.value, conditions: stored(groups) as Json[], ...others } as Filter, mark);
  }

  #set(filter: Filter, mark?: string): void {
    const isNothing = filter.name === "" && filter.conditions.length === 0 && filter[SET_ASIDE] === undefined;
    // One that was imported empty stays as it is until something is set.
    if (isNothing && this.#filter === undefined) return this.#update();
    const options = mark === undefined ? {} : { merge: `filter.${this.key}.${mark}` };
    apply(this.editor, setFilter(this.editor.store.doc, this.key, isNothing ? undefined : filter), options);
  }

  /** The document changed, by this panel or by anything else. */
  #changed(): void {
    const entry = this.#entry;
    if (!entry || !takesFilter(this.editor.store.doc.root, entry)) return this.editor.close();
    const filter = this.#filter;
    if (!says(this.#groups, filter?.conditions)) {
      this.#groups = this.#shown(filter);
      this.#rules.show(this.#groups);
    }
    this.#update();
    this.#ask();
  }

  #update(): void {
    const filter = this.#filter;
    const name = String(filter?.name ?? "");
    if (this.#label.value !== name) this.#label.value = name;
    const [owner, way] = [this.#owner, this.#entry && wayInto(this.#entry)];
    this.#fallback.checked = owner !== undefined && way !== undefined && fallbackOf(owner.module) === way.index;
    const isOff = filter?.[SET_ASIDE] !== undefined;
    const isEmpty = stored(this.#groups).length === 0;
    this.#rules.element.hidden = isOff;
    this.#state.replaceChildren(...(isOff ? [h("div", { class: "notice warn" }, icon("power"), h("span", {}, words.isOff))] : isEmpty ? [h("p", { class: "field-help" }, words.none)] : []));
  }

  #copy(): void {
    const filter = this.#filter;
    if (!filter) return;
    keepFilter(filter);
    this.editor.say(words.copied);
  }

  #paste(): void {
    const filter = copiedFilter();
    if (filter) this.#set(filter);
  }

  #switch(): void {
    const filter = this.#filter;
    if (!filter) return;
    const { [SET_ASIDE]: aside, ...rest } = filter;
    if (aside !== undefined) this.#set({ ...rest, conditions: list(aside) } as Filter);
    else this.#set({ ...filter, conditions: [], [SET_ASIDE]: filter.conditions });
  }

  #remove(): void {
    this.#label.value = "";
    apply(this.editor, setFilter(this.editor.store.doc, this.key, undefined));
    this.#groups = this.#shown(undefined);
    this.#rules.show(this.#groups);
    this.#label.focus();
  }

  #ask(wait = WAIT): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#test(), wait);
  }

  async #test(): Promise<void> {
    this.#asked += 1;
    const mine = this.#asked;
    const module = Number(this.#place);
    if (!Number.isInteger(module)) return;
    const groups = stored(this.#groups);
    try {
      const test = await this.editor.post<FilterTest>(`/scenarios/${this.editor.boot.scenario.id}/filter-test`, { module, filter: { conditions: groups } });
      // The rows may be others by now.
      if (mine !== this.#asked || !same(groups as Json, stored(this.#groups) as Json)) return;
      this.#rules.tested(test);
      this.#truth.show(test, this.editor.services.knowledge?.items?.confidential === true, groups.length === 0);
    } catch {
      if (mine === this.#asked) this.#truth.failed();
    }
  }
}
