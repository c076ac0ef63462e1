/** The mapping panel: opens beside a field that has the focus, with all that
 *  can be put into it, and goes when the focus goes elsewhere. */
import { h, icon, uniqueId } from "../editor/dom";
import type { Editor } from "../editor/editor";
import { words } from "../editor/words/mapping";
import type { Insertion } from "./insertion";
import type { MappingField } from "./mapping-field";
import { groupSection } from "./panel-items";
import { functionTab, variableTab } from "./panel-language";
import { moveInPanel, moveInTabs } from "./panel-keys";
import { placePanel } from "./panel-place";
import { found } from "./panel-search";
import type { World } from "./world";

const TABS = ["items", "general", "math", "text", "date", "array", "variables", "extension"] as const;
type Tab = (typeof TABS)[number];

interface Target {
  field: MappingField;
  world: World;
  /** The field with what belongs to it. */
  element: HTMLElement;
}

export class MappingPanel {
  readonly #search = h("input", { type: "search", "aria-label": words.search, placeholder: words.search, autocomplete: "off", spellcheck: "false" });
  readonly #tabs: HTMLButtonElement[];
  readonly #body = h("div", { class: "mapping-body", role: "tabpanel", id: uniqueId("mapping-body"), tabindex: "-1" });
  readonly #root: HTMLElement;
  readonly #opened = new Map<string, boolean>();
  #tab: Tab = "items";
  #target: Target | undefined;
  #isPressed = false;
  #shown = "";

  constructor(readonly editor: Editor) {
    this.#tabs = TABS.map((tab) =>
      h("button", { type: "button", role: "tab", id: uniqueId("mapping-tab"), "aria-controls": this.#body.id, "data-tab": tab, onclick: () => this.#choose(tab) }, words.tabs[tab]),
    );
    const close = h("button", { type: "button", class: "ghost close", "aria-label": words.close, onclick: () => this.#backToField() }, icon("x"));
    this.#root = h(
      "div",
      { class: "mapping-panel", role: "group", "aria-label": words.panel, tabindex: "-1" },
      h("h2", { class: "mapping-title" }, words.panel),
      h("div", { class: "mapping-top" }, this.#search, close),
      h("div", { class: "mapping-tabs", role: "tablist", "aria-label": words.panel, onkeydown: (event: KeyboardEvent) => moveInTabs(event, this.#tabs) }, ...this.#tabs),
      this.#body,
    );
    this.#search.addEventListener("input", () => this.#draw());
    this.#root.addEventListener("keydown", (event) => this.#key(event));
    this.#root.addEventListener("pointerdown", () => (this.#isPressed = true));
    for (const name of ["pointerup", "pointercancel", "dragend"]) {
      addEventListener(name, () => setTimeout(() => (this.#isPressed = false)), true);
    }
    this.#root.addEventListener("focusout", () => this.#leaveSoon());
    addEventListener("resize", () => this.#place());
    window.visualViewport?.addEventListener("resize", () => this.#place());
  }

  /** Opens for a field whenever that has the focus. */
  attach(field: MappingField, world: World, element: HTMLElement): () => void {
    const target = { field, world, element };
    const show = () => this.#show(target);
    element.addEventListener("focusin", show);
    element.addEventListener("pointerdown", () => {
      if (document.activeElement === field) show();
    });
    element.addEventListener("focusout", () => this.#leaveSoon());
    element.addEventListener("keydown", (event) => this.#fieldKey(event, target), true);
    const forget = world.onChange(() => this.#target?.world === world && this.#drawIfChanged());
    return () => {
      forget();
      if (this.#target?.field === field) this.hide();
    };
  }

  /** Before the field sees them: Escape closes what is on top, and that is the
   *  list of completion when there is one. */
  #fieldKey(event: KeyboardEvent, target: Target): void {
    if (event.key === "Escape" && this.#target?.field === target.field && !target.field.isCompleting) {
      event.preventDefault();
      event.stopPropagation();
      this.hide();
    } else if (event.key === "ArrowDown" && event.altKey) {
      event.preventDefault();
      event.stopPropagation();
      this.#show(target);
      this.#search.focus();
      // A new search takes the place of the last one.
      this.#search.select();
    }
  }

  hide(): void {
    this.#target = undefined;
    this.#root.remove();
    document.body.classList.remove("has-mapping", "has-mapping-sheet");
  }

  #show(target: Target): void {
    const isSame = this.#target?.field === target.field;
    const isSameWorld = this.#target?.world === target.world;
    this.#target = target;
    // A dialog makes all around it inert, so the panel goes into it.
    const home = target.element.closest("dialog[open]") ?? document.getElementById("mapping") ?? document.body;
    if (this.#root.parentElement !== home) home.append(this.#root);
    if (home.id === "mapping") (home as HTMLElement).hidden = false;
    document.body.classList.add("has-mapping");
    if (!isSame && this.#search.value !== "") this.#search.value = "";
    if (!isSameWorld || this.#shown === "") this.#draw();
    else this.#drawIfChanged();
    this.#place();
    if (!isSame && home.id === "mapping") this.editor.signals.dispatchEvent(new Event("mapping"));
  }

  #place(): void {
    if (this.#target) placePanel(this.#root, this.#target.element);
  }

  #choose(tab: Tab): void {
    this.#tab = tab;
    this.#search.value = "";
    this.#draw();
    this.#body.scrollTop = 0;
  }

  /** What the shown things depend on. */
  #state(): string {
    const { world } = this.#target!;
    const groups = world.groups().map((group) => [group.module, group.name, group.color, group.from, group.bundles, group.items.length]);
    return JSON.stringify([groups, world.language?.functions.length, this.editor.services.knowledge?.items?.run, this.editor.services.knowledge?.trouble, this.#tab, this.#search.value]);
  }

  #drawIfChanged(): void {
    if (this.#state() !== this.#shown) this.#draw();
  }

  #draw(): void {
    if (!this.#target) return;
    this.#shown = this.#state();
    const search = this.#search.value;
    const isSearching = search.trim() !== "";
    for (const button of this.#tabs) {
      const isChosen = !isSearching && button.dataset.tab === this.#tab;
      button.setAttribute("aria-selected", String(isChosen));
      button.tabIndex = button.dataset.tab === this.#tab ? 0 : -1;
      if (isChosen) this.#body.setAttribute("aria-labelledby", button.id);
    }
    const { world } = this.#target;
    const pick = (what: Insertion, isTouch: boolean) => this.#pick(what, isTouch);
    const held = this.#body.scrollTop;
    if (isSearching) this.#body.replaceChildren(...found(world, search, pick));
    else if (this.#tab === "items") this.#body.replaceChildren(...this.#items(world, pick));
    else if (this.#tab === "variables") this.#body.replaceChildren(...variableTab(world, pick));
    else this.#body.replaceChildren(...functionTab(world, this.#tab, pick));
    this.#body.scrollTop = isSearching ? 0 : held;
    const first = this.#body.querySelector<HTMLElement>("button.pill");
    if (first) first.tabIndex = 0;
  }

  #items(world: World, pick: (what: Insertion, isTouch: boolean) => void): HTMLElement[] {
    const groups = world.groups();
    const isKnown = groups.some((group) => group.items.length > 0);
    const parts = isKnown ? groups.map((group) => groupSection(group, pick, this.#opened)) : [this.#nothing(groups.length > 0)];
    if (this.editor.services.knowledge?.items?.confidential) parts.unshift(h("p", { class: "quiet" }, words.confidential));
    return parts;
  }

  /** Nobody has run it yet, or nothing comes before. */
  #nothing(hasModules: boolean): HTMLElement {
    const { knowledge } = this.editor.services;
    if (!knowledge?.items || knowledge.trouble) return this.#notLoaded(knowledge?.trouble === "failed");
    const run = h("button", { type: "button", class: "primary", onclick: () => void this.editor.services.run?.start("once") }, icon("play"), words.runOnce);
    return h("div", { class: "mapping-nothing" }, h("h3", {}, words.nothing), h("p", {}, hasModules ? words.nothingWhy : words.nothingBefore), hasModules && run);
  }

  /** Nothing is said of what the server has not told. */
  #notLoaded(hasFailed: boolean): HTMLElement {
    const again = h("button", { type: "button", onclick: () => void this.editor.services.knowledge?.refresh().catch(() => undefined) }, words.loadAgain);
    return h("div", { class: "mapping-nothing", role: "status" }, h("h3", {}, hasFailed ? words.cannotLoad : words.loading), h("p", {}, hasFailed ? words.cannotLoadWhy : words.loadingWhy), hasFailed && again);
  }

  #pick(what: Insertion, isTouch: boolean): void {
    this.#target?.field.insert(what, !isTouch);
  }

  #key(event: KeyboardEvent): void {
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      this.#backToField();
    } else moveInPanel(event, this.#search, this.#body);
  }

  #backToField(): void {
    const field = this.#target?.field;
    field?.focus();
    this.hide();
  }

  /** Goes unless the focus is still in the field or here. */
  #leaveSoon(): void {
    setTimeout(() => {
      const target = this.#target;
      if (!target || this.#isPressed || !document.hasFocus()) return;
      const active = document.activeElement;
      if (!this.#root.contains(active) && !target.element.contains(active)) this.hide();
    });
  }
}
