/** The search over apps and modules: a box beside the plus, on a phone a sheet
 *  from below. Typing finds, arrows choose, Enter adds, Esc closes. */
import { add, apply, find, isIfElse, isMerge } from "./blueprint";
import { know } from "./commands";
import { disc, h, icon, uniqueId } from "./dom";
import { knownElsewhere } from "./elsewhere";
import type { Catalogue, CatalogueApp, CatalogueModule, Editor } from "./editor";
import { at } from "./json";
import { type Choice, type Group, type Offer, appGroups, foundGroups, rootGroups } from "./offers";
import { COLUMN, RADIUS } from "./geometry";
import { beside } from "./picker-place";
import { remember, remembered } from "./recent";
import { Search, folded } from "./search";
import type { Where } from "./services";
import { words } from "./words/picker";

type Anchor = Element | { x: number; y: number };

let closeOpen: (() => void) | undefined;

/** What may be put in at a place. */
function offerAt(editor: Editor, where: Where): Offer {
  const { doc, entries } = editor.store;
  const key = "after" in where ? where.after : "before" in where ? where.before : "error" in where ? where.error : "instead" in where ? where.instead : undefined;
  const entry = key === undefined ? undefined : find(doc, key);
  const isEmpty = entries.every((other) => other.isOrphan);
  const isStart = entry !== undefined && entry.parent === undefined && !entry.isOrphan && ("before" in where || "instead" in where);
  const next = entry && "after" in where ? at(doc.root, [...entry.flow, entry.position + 1]) : undefined;
  return {
    isFirst: "place" in where ? isEmpty : isStart,
    isLoose: "place" in where,
    onError: "error" in where || (entry?.path.includes("onerror") === true && !("before" in where)),
    isNewHandler: "error" in where,
    takesMerge: entry !== undefined && "after" in where && isIfElse(entry.module) && !isMerge(next as never),
  };
}

export function start(editor: Editor): void {
  editor.services.picker = { open: (where, anchor) => open(editor, where, anchor) };
}

/** Lets a person choose what is put in somewhere. */
function open(editor: Editor, where: Where, anchor: Anchor): void {
  closeOpen?.();
  const box = new Picker(editor, where, anchor);
  closeOpen = () => box.close(false);
}

class Picker {
  readonly #box: HTMLElement;
  readonly #input: HTMLInputElement;
  readonly #list: HTMLElement;
  /** What is said when there is nothing to choose; not part of the list. */
  readonly #none = h("div", { class: "picker-none" });
  readonly #status: HTMLElement;
  readonly #back: HTMLElement;
  readonly #offer: Offer;
  readonly #opener = document.activeElement;
  #catalogue: Catalogue | undefined;
  #search: Search | undefined;
  #apps = new Map<string, CatalogueApp>();
  #app: CatalogueApp | undefined;
  #choices: { element: HTMLElement; choice: Choice }[] = [];
  #active = -1;

  constructor(
    private readonly editor: Editor,
    private readonly where: Where,
    private readonly anchor: Anchor,
  ) {
    this.#offer = offerAt(editor, where);
    const listId = uniqueId("picker-list");
    const title = words.title["instead" in where ? "instead" : this.#offer.isNewHandler ? "error" : this.#offer.isFirst ? "first" : "after"];
    this.#input = h("input", { type: "search", role: "combobox", "aria-expanded": "true", "aria-autocomplete": "list", "aria-controls": listId, "aria-label": words.search, placeholder: words.search, autocomplete: "off", spellcheck: "false", enterkeyhint: "done" });
    this.#list = h("div", { class: "picker-list", id: listId, role: "listbox", "aria-label": title });
    this.#status = h("p", { class: "hidden", role: "status" });
    this.#back = h("button", { class: "picker-back", type: "button", hidden: true, onclick: () => this.#show(undefined) });
    const head = h("div", { class: "picker-head" }, h("h2", {}, title), h("button", { class: "tool", type: "button", "aria-label": words.close, onclick: () => this.close(true) }, icon("x")));
    const field = h("div", { class: "picker-field" }, icon("search"), this.#input);
    this.#box = h("div", { class: "picker", role: "dialog", "aria-label": title, popover: "manual", tabindex: "-1" }, head, field, this.#back, this.#list, this.#none, this.#status);
    this.#listen();
    document.body.append(this.#box);
    this.#box.showPopover();
    // On a phone the keyboard would hide the list before it was seen.
    if (matchMedia("(pointer: coarse)").matches) this.#box.focus();
    else this.#input.focus();
    void this.#load();
  }

  #listen(): void {
    this.#box.addEventListener("keydown", (event) => this.#key(event));
    this.#input.addEventListener("input", () => this.#draw());
    this.#list.addEventListener("click", (event) => {
      const hit = this.#choices.find(({ element }) => element.contains(event.target as Node));
      if (hit) this.#choose(hit.choice);
    });
    this.#list.addEventListener("pointermove", (event) => {
      const index = this.#choices.findIndex(({ element }) => element.contains(event.target as Node));
      if (index >= 0 && index !== this.#active) this.#activate(index, false);
    });
    document.addEventListener("pointerdown", this.#outside, true);
    addEventListener("resize", this.#place);
    visualViewport?.addEventListener("resize", this.#place);
  }

  readonly #outside = (event: Event): void => {
    if (!event.composedPath().includes(this.#box)) this.close(false);
  };

  readonly #place = (): void => placeBeside(this.#box, this.anchor, futureOf(this.editor, this.where));

  async #load(): Promise<void> {
    this.#box.setAttribute("aria-busy", "true");
    this.#tell(h("p", { class: "picker-empty" }, words.loading));
    this.#place();
    try {
      this.#take(await this.editor.catalogue());
    } catch {
      const again = h("button", { class: "small", type: "button", onclick: () => void this.#load() }, words.again);
      this.#tell(h("div", { class: "picker-empty" }, h("p", {}, words.failed), again));
      return;
    } finally {
      this.#box.removeAttribute("aria-busy");
    }
    this.#draw();
  }

  /** Shows a message in the place of the list, or the list again. */
  #tell(message?: HTMLElement): void {
    this.#list.hidden = message !== undefined;
    this.#none.hidden = message === undefined;
    this.#none.replaceChildren(...(message ? [message] : []));
  }

  #take(catalogue: Catalogue): void {
    know(catalogue);
    this.#catalogue = catalogue;
    this.#apps = new Map(catalogue.apps.map((app) => [app.name, app]));
    this.#search = new Search(catalogue.modules.filter((module) => !module.legacy), this.#apps);
  }

  /** Shows one app, or all of them again. */
  #show(app: CatalogueApp | undefined): void {
    this.#app = app;
    this.#input.value = "";
    this.#input.placeholder = app ? words.searchIn(app.label) : words.search;
    this.#back.hidden = !app;
    this.#back.replaceChildren(icon("arrow-left"), words.back);
    this.#draw();
    this.#input.focus();
  }

  #draw(): void {
    const catalogue = this.#catalogue;
    if (!catalogue || !this.#search) return;
    const query = this.#input.value.trim();
    this.#choices = [];
    let groups: Group[];
    if (query === "") groups = this.#app ? appGroups(this.#app, catalogue, this.#offer) : rootGroups(catalogue, this.#apps, this.#offer, remembered());
    else groups = foundGroups(this.#search.find(query).filter(({ app }) => !this.#app || app === this.#app), this.#offer);
    this.#list.replaceChildren(...this.#hints(query), ...groups.map((group) => this.#group(group)));
    this.#tell(this.#choices.length === 0 ? this.#nothing(query) : undefined);
    this.#status.textContent = query === "" ? "" : words.results(this.#choices.length);
    this.#list.scrollTop = 0;
    this.#place();
    const first = this.#choices.findIndex(({ choice }) => choice.why === undefined);
    this.#activate(query === "" && this.#app === undefined ? -1 : first, true);
  }

  /** What is no module, and a service that has no app here: said above what can
   *  do the work. */
  #hints(query: string): HTMLElement[] {
    // "shop" is no question about Shopify.
    const missing = query.length < 5 ? undefined : knownElsewhere(query, [...this.#apps.values()].map((app) => app.label));
    const texts = [hintFor(query), missing && words.noApp(missing)].filter((text) => text !== undefined && text !== "");
    return texts.map((text) => h("p", { class: "picker-hint", role: "presentation" }, text ?? ""));
  }

  #group({ label, choices }: Group): HTMLElement {
    const id = uniqueId("picker-group");
    const rows = choices.map((choice) => {
      const element = row(choice);
      this.#choices.push({ element, choice });
      return element;
    });
    return h("div", { role: "group", "aria-labelledby": id }, h("div", { class: "picker-group", id, role: "presentation" }, label), ...rows);
  }

  #nothing(query: string): HTMLElement {
    const used = Object.values(this.editor.boot.apps).find((app) => !this.#apps.has(app.name) && folded(app.label).includes(folded(query)));
    const known = used?.label ?? knownElsewhere(query, [...this.#apps.values()].map((app) => app.label));
    const near = this.#search?.near(query, 3) ?? [];
    const http = this.#catalogue?.modules.find((module) => module.name === "http:MakeRequest" && !module.legacy);
    const suggestions = near.map(({ module, app }) => this.#suggestion(module, app));
    const app = http && this.#apps.get("http");
    return h(
      "div",
      { class: "picker-empty" },
      hintFor(query) !== undefined && h("p", {}, hintFor(query) ?? ""),
      h("p", {}, known ? words.notHere(known) : words.none(query)),
      suggestions.length > 0 && h("p", {}, words.didYouMean),
      ...suggestions,
      http && app && h("p", {}, words.http),
      http && app && this.#suggestion(http, app),
    );
  }

  #suggestion(module: CatalogueModule, app: CatalogueApp): HTMLElement {
    return h("button", { class: "small", type: "button", onclick: () => this.#choose({ module, app, label: module.label, text: module.description }) }, disc(app), `${app.label}: ${module.label}`);
  }

  #key(event: KeyboardEvent): void {
    // Keys of the canvas are not meant for the search.
    event.stopPropagation();
    const { key } = event;
    if (key === "Escape") {
      event.preventDefault();
      if (this.#app || this.#input.value !== "") this.#show(undefined);
      else this.close(true);
    } else if (key === "Tab") this.#tab(event);
    else if (event.target !== this.#input && event.target !== this.#box) return;
    else if (key === "ArrowDown" || key === "ArrowUp" || key === "PageDown" || key === "PageUp") {
      event.preventDefault();
      this.#step({ ArrowDown: 1, ArrowUp: -1, PageDown: 6, PageUp: -6 }[key]);
    } else if (key === "Enter") {
      event.preventDefault();
      const hit = this.#choices[this.#active];
      if (hit) this.#choose(hit.choice);
    } else if (key === "Backspace" && this.#input.value === "" && this.#app) this.#show(undefined);
  }

  /** The focus stays inside while the box is open. */
  #tab(event: KeyboardEvent): void {
    const stops = [...this.#box.querySelectorAll<HTMLElement>("input, button:not([hidden])")];
    const here = stops.indexOf(document.activeElement as HTMLElement);
    event.preventDefault();
    stops[(here + (event.shiftKey ? -1 : 1) + stops.length) % stops.length]?.focus();
  }

  #step(by: number): void {
    const count = this.#choices.length;
    if (count === 0) return;
    const isOne = Math.abs(by) === 1;
    const next = this.#active < 0 ? (by > 0 ? 0 : count - 1) : isOne ? (this.#active + by + count) % count : Math.min(count - 1, Math.max(0, this.#active + by));
    this.#activate(next, true);
  }

  #activate(index: number, isScrolled: boolean): void {
    this.#choices[this.#active]?.element.setAttribute("aria-selected", "false");
    this.#active = index;
    const element = this.#choices[index]?.element;
    if (!element) {
      this.#input.removeAttribute("aria-activedescendant");
      return;
    }
    element.setAttribute("aria-selected", "true");
    this.#input.setAttribute("aria-activedescendant", element.id);
    if (isScrolled) element.scrollIntoView({ block: "nearest" });
  }

  #choose(choice: Choice): void {
    if (choice.why !== undefined) {
      this.#status.textContent = choice.why;
      return;
    }
    if (!choice.module) {
      this.#show(choice.app);
      return;
    }
    this.close(false);
    put(this.editor, this.where, choice.module, this.#catalogue as Catalogue);
  }

  close(givesBack: boolean): void {
    if (!this.#box.isConnected) return;
    closeOpen = undefined;
    document.removeEventListener("pointerdown", this.#outside, true);
    removeEventListener("resize", this.#place);
    visualViewport?.removeEventListener("resize", this.#place);
    this.#box.remove();
    const back = this.anchor instanceof Element ? this.anchor : this.#opener;
    if (givesBack) focus(back, this.#opener);
  }
}

function focus(...candidates: (Element | null)[]): void {
  for (const candidate of candidates) {
    if (!(candidate instanceof HTMLElement || candidate instanceof SVGElement) || !candidate.isConnected) continue;
    candidate.focus({ preventScroll: true });
    if (document.activeElement === candidate) return;
  }
}

/** Adds the module, shows it, and opens its settings. */
export function put(editor: Editor, where: Where, module: CatalogueModule, catalogue: Catalogue): void {
  const place = "place" in where ? { place: editor.services.scene?.toMake(where.place) ?? where.place } : where;
  const edit = add(editor.store.doc, place, module, catalogue);
  if (!apply(editor, edit)) return;
  remember(module);
  const [key] = edit.select ?? [];
  if (key === undefined) return;
  const hasForm = !["router", "if-else", "merge"].includes(module.kind) && module.parameters.length + module.mapper.length > 0;
  if (hasForm) editor.open({ kind: "module", key });
  // After the panel has opened: the module stands beside it, not under it.
  editor.services.scene?.reveal(key, { focus: !hasForm });
  const live = document.querySelector("#live");
  if (live) live.textContent = words.added(module.label);
}

/** What people look for among the modules and find elsewhere. */
function hintFor(query: string): string | undefined {
  const word = folded(query.trim());
  if (word.length < 4) return undefined;
  return words.elsewhere.find(({ names }) => names.some((name) => name.startsWith(word)))?.text;
}

function row({ module, app, label, text, why, badge }: Choice): HTMLElement {
  return h(
    "div",
    { class: "picker-row", role: "option", id: uniqueId("picker-option"), "aria-selected": "false", "aria-disabled": why === undefined ? undefined : "true" },
    disc(module?.icon ? { ...app, icon: module.icon } : app),
    h("span", { class: "picker-text" }, h("span", { class: "picker-name" }, label, badge && h("span", { class: "badge" }, badge)), h("span", { class: "picker-note" }, why ?? text)),
    !module && icon("chevron-right"),
  );
}

/** Beside the plus where there is room; CSS makes a sheet of it on a phone. */
function placeBeside(box: HTMLElement, anchor: Anchor, future: DOMRect | undefined): void {
  if (innerWidth <= 700) {
    // Above the keyboard of the phone, which covers the page.
    const keyboard = visualViewport ? Math.max(0, innerHeight - visualViewport.height - visualViewport.offsetTop) : 0;
    box.style.left = box.style.top = "";
    box.style.bottom = keyboard > 0 ? `${keyboard}px` : "";
    box.style.maxHeight = keyboard > 0 ? `${innerHeight - keyboard - 8}px` : "";
    return;
  }
  box.style.bottom = box.style.maxHeight = "";
  const rect = anchor instanceof Element ? anchor.getBoundingClientRect() : new DOMRect(anchor.x, anchor.y, 0, 0);
  const { width } = box.getBoundingClientRect();
  // Room for the longest list, so that the box stays where it is while typing.
  const height = Math.min(560, innerHeight - 16);
  const { left, top } = beside(rect, future, { width, height }, { width: innerWidth, height: innerHeight });
  box.style.left = `${left}px`;
  box.style.top = `${top}px`;
}

/** Where the new module will stand, in pixels of the window: in its place, or a
 *  column further than the one it follows; with its name below. */
function futureOf(editor: Editor, where: Where): DOMRect | undefined {
  const { scene } = editor.services;
  const key = "after" in where ? where.after : "error" in where ? where.error : "instead" in where ? where.instead : undefined;
  const place = "place" in where ? where.place : key === undefined ? undefined : scene?.place(key);
  if (!scene || !place) return undefined;
  const further = "after" in where || "error" in where ? COLUMN : 0;
  const [origin, unit] = [scene.fromWindow({ x: 0, y: 0 }), scene.fromWindow({ x: 100, y: 0 })];
  const scale = 100 / (unit.x - origin.x);
  const radius = RADIUS * scale;
  return new DOMRect((place.x + further - origin.x) * scale - radius, (place.y - origin.y) * scale - radius, 2 * radius, 3 * radius);
}
