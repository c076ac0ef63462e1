/** The dialog of a router's routes or an if-else's branches: their order, by
 *  buttons and by dragging, and which one takes what is left. Each act is a
 *  step of undo; the dialog shows what the document says. */
import { type Way, addRoute, apply, find, isIfElse, labelOf, orderRoutes as ordered, setFallback, titleOf, toIfElse, toggleRoute, waysOf } from "./blueprint";
import { named } from "./commands";
import { type Dialog, openDialog } from "./dialog";
import { h, icon } from "./dom";
import type { Editor } from "./editor";
import { words } from "./words/menus";

export function orderRoutes(editor: Editor, key: string): void {
  const module = find(editor.store.doc, key)?.module;
  if (!module) return;
  const isBranching = isIfElse(module);
  const dialog = openDialog(isBranching ? words.orderOfBranches : words.order, () => {
    stop();
    editor.services.scene?.reveal(key, { focus: true });
  });
  const list = h("ol", { class: "ways" });
  const status = h("p", { class: "hidden", role: "status" });
  const view = new Ways(editor, key, list, status);
  const stop = editor.store.subscribe(() => view.draw());
  dialog.body.append(h("p", {}, isBranching ? words.branchHelp : words.orderHelp), list, status, ...offers(editor, key, isBranching, dialog));
  dialog.foot.append(
    h("button", { type: "button", onclick: () => void apply(editor, addRoute(editor.store.doc, key)) }, icon("plus"), isBranching ? words.addBranch : words.addRoute),
    h("button", { type: "button", class: "primary", onclick: () => dialog.close() }, words.done),
  );
  view.draw();
}

/** People expect a router to be an if-else; here they are told of both. */
function offers(editor: Editor, key: string, isBranching: boolean, dialog: Dialog): HTMLElement[] {
  if (isBranching) return [];
  const make = (): void => {
    dialog.close();
    apply(editor, toIfElse(editor.store.doc, key));
  };
  return [h("p", { class: "quiet" }, words.fallbackHelp), h("div", { class: "row" }, h("span", { class: "quiet" }, words.ifElseHelp), h("button", { type: "button", class: "small", onclick: make }, icon("split"), words.makeIfElse))];
}

class Ways {
  #dragged: number | undefined;

  constructor(
    private readonly editor: Editor,
    private readonly key: string,
    private readonly list: HTMLElement,
    private readonly status: HTMLElement,
  ) {}

  draw(focus?: { index: number; act: string }): void {
    const module = find(this.editor.store.doc, this.key)?.module;
    if (!module) return;
    const held = focus ?? this.#focused();
    const ways = waysOf(module);
    const isBranching = isIfElse(module);
    this.list.replaceChildren(...ways.map((way) => this.#row(way, ways, isBranching)));
    if (!held) return;
    const row = this.list.children[held.index];
    const button = row?.querySelector<HTMLButtonElement>(`[data-way="${held.act}"]:not(:disabled)`) ?? row?.querySelector<HTMLButtonElement>("button:not(:disabled)");
    button?.focus();
  }

  /** The buttons are made anew, so the focus is kept by hand. */
  #focused(): { index: number; act: string } | undefined {
    const button = document.activeElement;
    if (!(button instanceof HTMLElement) || !this.list.contains(button)) return undefined;
    return { index: [...this.list.children].findIndex((row) => row.contains(button)), act: button.dataset.way ?? "" };
  }

  #row(way: Way, ways: readonly Way[], isBranching: boolean): HTMLElement {
    const name = titleOf(way, named()) || (isBranching ? words.branch : words.route)(way.index + 1);
    const isFixed = isBranching && way.isFallback;
    const last = isBranching ? ways.filter((other) => !other.isFallback).length - 1 : ways.length - 1;
    const row = h(
      "li",
      { class: way.isOff ? "is-off" : "" },
      this.#grip(way, name, isFixed),
      h("div", {}, h("span", { class: "way-name" }, `${way.index + 1}. ${name}`, ...signs(way, isBranching)), h("span", { class: "quiet" }, describe(way, isBranching))),
      h(
        "div",
        { class: "acts" },
        this.#button("up", "arrow-up", words.up(name), isFixed || way.index === 0, () => this.#move(way.index, way.index - 1, name)),
        this.#button("down", "arrow-down", words.down(name), isFixed || way.index >= last, () => this.#move(way.index, way.index + 1, name)),
        this.#more(way, name, isBranching),
      ),
    );
    return row;
  }

  #button(way: string, symbol: string, label: string, isDisabled: boolean, run: () => void): HTMLElement {
    return h("button", { type: "button", class: "tool", "data-way": way, "aria-label": label, title: label, disabled: isDisabled, onclick: run }, icon(symbol));
  }

  /** In words, as a sign alone would not say what a fallback is. */
  #more(way: Way, name: string, isBranching: boolean): HTMLElement {
    const mark = (): void => void apply(this.editor, setFallback(this.editor.store.doc, this.key, way.isFallback ? undefined : way.index));
    const toggle = (): void => void apply(this.editor, toggleRoute(this.editor.store.doc, this.key, way.index));
    const power = way.isOff ? words.routeOn : words.routeOff;
    return h(
      "span",
      { class: "acts" },
      !isBranching && h("button", { type: "button", class: "small mark", "data-way": "fallback", "aria-pressed": String(way.isFallback), "aria-label": `${words.fallback}: ${name}`, title: way.isFallback ? words.noFallback : words.makeFallback, onclick: mark }, words.fallback),
      h("button", { type: "button", class: "tool", "data-way": "power", "aria-pressed": String(way.isOff), "aria-label": `${power}: ${name}`, title: power, onclick: toggle }, icon("power")),
    );
  }

  #move(from: number, to: number, name: string): void {
    const count = this.list.children.length;
    if (to < 0 || to >= count || from === to) return;
    const order = Array.from({ length: count }, (_, index) => index);
    order.splice(to, 0, ...order.splice(from, 1));
    const act = this.#focused()?.act ?? (to > from ? "down" : "up");
    apply(this.editor, ordered(this.editor.store.doc, this.key, order));
    this.draw({ index: to, act });
    this.status.textContent = words.moved(name, to + 1, count);
  }

  /** Dragging is only a shorter way than the buttons. */
  #grip(way: Way, name: string, isFixed: boolean): HTMLElement {
    const grip = h("span", { class: "grip", title: words.drag(name), "aria-hidden": "true" }, isFixed ? "" : icon("grip-vertical"));
    if (isFixed) return grip;
    const rows = () => [...this.list.children] as HTMLElement[];
    const over = (y: number) => rows().findIndex((row) => y < row.getBoundingClientRect().bottom);
    const mark = (target: number) => rows().forEach((row, index) => row.classList.toggle("is-target", index === target && index !== this.#dragged));
    grip.addEventListener("pointerdown", (event) => {
      this.#dragged = way.index;
      grip.setPointerCapture(event.pointerId);
      rows()[way.index]?.classList.add("is-dragged");
    });
    grip.addEventListener("pointermove", (event) => {
      if (this.#dragged !== undefined) mark(over(event.clientY));
    });
    const end = (event: PointerEvent, isDone: boolean): void => {
      const from = this.#dragged;
      this.#dragged = undefined;
      if (from === undefined) return;
      const target = over(event.clientY);
      if (isDone) this.#move(from, target < 0 ? rows().length - 1 : target, name);
      this.draw();
    };
    grip.addEventListener("pointerup", (event) => end(event, true));
    grip.addEventListener("pointercancel", (event) => end(event, false));
    return grip;
  }
}

function signs(way: Way, isBranching: boolean): HTMLElement[] {
  const texts = [way.isFallback && isBranching && { text: words.otherwise, kind: "" }, way.isOff && { text: words.off, kind: "is-off" }];
  return texts.filter((sign) => sign !== false).map(({ text, kind }) => h("span", { class: `sign ${kind}` }, text));
}

/** What bundles meet there; one module is the title already. */
function describe(way: Way, isBranching: boolean): string {
  if (way.modules.length === 0) return words.empty;
  const path = way.modules.slice(0, 4).map((module) => labelOf(module, named())).join(" → ") + (way.modules.length > 4 ? " → …" : "");
  const isOpen = !way.isConditional && !way.isFallback;
  const isNews = way.label !== "" || way.modules.length > 1;
  return [isOpen && (isBranching ? words.noCondition : words.always), isNews && path].filter(Boolean).join(" · ");
}
