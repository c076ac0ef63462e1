/** The scenario as an ordered, nested list: everything that the canvas has, for
 *  screen readers, phones, and people who like lists. */
import { isPlaceholder, waysOf } from "./blueprint";
import { loopOf } from "./areas";
import { disc, h, icon } from "./dom";
import type { Editor } from "./editor";
import { countsOf, filterInto, isFallback } from "./lines";
import { stateOf } from "./looks";
import type { Scene } from "./scene";
import { panelFrame } from "./shell";
import { type Entry, list } from "./tree";
import { words } from "./words/canvas";

/** Registers the panel. */
export function show(editor: Editor, box: HTMLElement, scene: Scene): () => void {
  const { body } = panelFrame(box, editor, { title: words.outline, icon: "list-tree" });
  const draw = () => redraw(body, editor, scene);
  draw();
  scene.addEventListener("drawn", draw);
  scene.addEventListener("marks", draw);
  return () => {
    scene.removeEventListener("drawn", draw);
    scene.removeEventListener("marks", draw);
  };
}

/** Draws the list again; the control that had the focus gets it back. */
function redraw(body: HTMLElement, editor: Editor, scene: Scene): void {
  const focused = document.activeElement instanceof HTMLElement && body.contains(document.activeElement) ? document.activeElement.id : "";
  const top = body.scrollTop;
  const outline = new Outline(editor, scene);
  body.replaceChildren(outline.list());
  body.scrollTop = top;
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

class Outline {
  readonly #all: readonly Entry[];
  readonly #children = new Map<number | undefined, number[]>();

  constructor(
    private readonly editor: Editor,
    private readonly scene: Scene,
  ) {
    this.#all = scene.entries;
    this.#all.forEach((entry, index) => this.#children.set(entry.parent, [...(this.#children.get(entry.parent) ?? []), index]));
  }

  list(): HTMLElement {
    if (this.#all.length === 0) {
      const open = () => this.editor.services.picker?.open({ place: { x: 0, y: 0 } }, this.scene.first ?? document.body);
      return h("div", { class: "outline-empty" }, h("p", {}, words.outlineEmpty), h("button", { class: "primary", onclick: open }, icon("plus"), words.addFirst));
    }
    const roots = this.#children.get(undefined) ?? [];
    const connected = roots.filter((index) => !this.#all[index]?.isOrphan);
    const loose = roots.filter((index) => this.#all[index]?.isOrphan);
    return h(
      "div",
      { class: "outline-list" },
      ...connected.map((index) => this.#flow(index)),
      loose.length > 0 && h("h3", {}, words.outlineLoose),
      ...loose.map((index) => this.#flow(index)),
    );
  }

  /** A flow: one after another, until there is nothing more. */
  #flow(start: number): HTMLElement {
    const items: HTMLElement[] = [];
    for (let index: number | undefined = start; index !== undefined; ) {
      items.push(this.#item(index));
      // What stands in the same flow right behind it.
      const next: number | undefined = (this.#children.get(index) ?? []).find((child) => this.#all[child]?.kind === "flow" && this.#all[child]?.route === undefined);
      index = next;
    }
    return h("ol", { class: "outline-flow" }, ...items);
  }

  #item(index: number): HTMLElement {
    const entry = this.#all[index] as Entry;
    const children = this.#children.get(index) ?? [];
    const below = (kind: Entry["kind"]) => children.filter((child) => this.#all[child]?.kind === kind);
    return h(
      "li",
      {},
      this.#filter(entry),
      this.#row(entry, index),
      this.#ways(entry, children),
      this.#part(words.outlineError, below("error"), "is-error"),
      this.#part(words.outlineTools, below("tool"), "is-tool"),
    );
  }

  #filter(entry: Entry): HTMLElement | undefined {
    const parent = entry.parent === undefined ? undefined : this.#all[entry.parent];
    const found = parent && filterInto(entry, parent);
    if (!found || (!found.has && found.name === "")) return undefined;
    const counts = countsOf(this.scene.mark(entry.key));
    const open = () => this.editor.open({ kind: "filter", key: entry.key });
    return h("button", { class: "outline-filter", id: `outline-filter-${entry.key}`, onclick: open }, icon("funnel"), words.outlineFilter(found.name), counts && h("span", { class: "quiet" }, counts));
  }

  #row(entry: Entry, index: number): HTMLElement {
    const { editor, scene } = this;
    const look = scene.looks.of(entry);
    const name = scene.looks.name(entry);
    const mark = scene.mark(entry.key);
    const state = mark && mark.operations > 0 ? stateOf(mark) : undefined;
    const loop = loopOf(this.#all, index);
    const source = loop && this.#all[loop[0] as number];
    const notes = [
      look.className.includes("is-off") && words.off,
      look.className.includes("is-unavailable") && words.unavailable,
      look.hasProblem && words.check,
      source && words.outlineLoop(String(source.id ?? "")),
    ].filter(Boolean);
    const settings = () => {
      editor.selection.set([entry.key]);
      if (isPlaceholder(entry.module)) editor.services.picker?.open({ instead: entry.key }, scene.element(entry.key) ?? document.body);
      else editor.open({ kind: "module", key: entry.key });
    };
    const main = h(
      "button",
      // Called by what is seen, so that it can be said aloud as it is read.
      { class: "outline-main", id: `outline-${entry.key}`, title: words.settingsOf(name), onclick: settings },
      disc({ name: look.app, icon: look.icon, monogram: look.monogram }),
      h("span", { class: "grow" }, h("strong", {}, look.title), " ", h("span", { class: "quiet" }, [look.subtitle, look.number].filter(Boolean).join(" · ")), " ", notes.length > 0 && h("span", { class: "outline-notes" }, notes.join(" · "))),
    );
    const inspect = () => editor.open({ kind: "inspect", key: entry.key });
    const bubble = state && mark && h("button", { class: `outline-bubble ${state.className}`, id: `outline-run-${entry.key}`, "aria-label": `${words.outputOf(name)}: ${words.operations(mark.operations)}${state.words}`, onclick: inspect }, String(mark.operations));
    return h("div", { class: `outline-row ${look.className}` }, main, bubble, this.#more(entry, name));
  }

  #more(entry: Entry, name: string): HTMLElement {
    const { editor, scene } = this;
    const reveal = h("button", { class: "tool", id: `outline-show-${entry.key}`, "aria-label": words.showOf(name), title: words.showOf(name), onclick: () => scene.dispatchEvent(new CustomEvent("reveal", { detail: entry.key })) }, icon("scan"));
    const more: HTMLElement = h(
      "button",
      {
        class: "tool",
        id: `outline-more-${entry.key}`,
        "aria-label": words.moreOf(name),
        title: words.moreOf(name),
        "aria-haspopup": "menu",
        onclick: () => {
          editor.selection.set([entry.key]);
          const rect = more.getBoundingClientRect();
          editor.signals.dispatchEvent(new CustomEvent("menu", { detail: { target: list(entry.module.routes).length > 0 ? "router" : "module", key: entry.key, at: { x: rect.left, y: rect.bottom }, opener: more } }));
        },
      },
      icon("ellipsis"),
    );
    return h("span", { class: "outline-tools" }, reveal, more);
  }

  /** Routes and branches, in their order, empty ones too. */
  #ways(entry: Entry, children: readonly number[]): HTMLElement | undefined {
    const ways = waysOf(entry.module);
    if (ways.length === 0) return undefined;
    const isBranch = list(entry.module.branches).length > 0;
    return h(
      "ul",
      { class: "outline-ways" },
      ...ways.map((way, route) => {
        const start = children.find((child) => this.#all[child]?.route === route);
        const first = start === undefined ? undefined : this.#all[start];
        const title = (isBranch ? words.outlineBranch : words.outlineRoute)(route + 1, way.label);
        const marks = [first && isFallback(entry, first) && words.outlineFallback, way.isOff && words.outlineOff].filter(Boolean).join(", ");
        return h("li", {}, h("h3", { class: "way-title" }, title, marks && h("span", { class: "quiet" }, ` (${marks})`)), start === undefined ? undefined : this.#flow(start));
      }),
    );
  }

  #part(title: string, starts: readonly number[], name: string): HTMLElement | undefined {
    if (starts.length === 0) return undefined;
    return h("ul", { class: `outline-ways ${name}` }, ...starts.map((start) => h("li", {}, h("h3", { class: "way-title" }, title), this.#flow(start))));
  }
}
