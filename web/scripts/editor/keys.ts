/** Everything by keyboard. Single keys act only while a module has the focus
 *  (WCAG 2.1.4); arrows follow the flow. */
import { apply, duplicate, isPlaceholder, toggle } from "./blueprint";
import { removeSelected } from "./commands";
import { openDialog } from "./dialog";
import { h } from "./dom";
import { commitMove } from "./drops";
import type { Editor } from "./editor";
import { GRID, type Point, isFree } from "./geometry";
import type { Pointer } from "./pointer";
import type { Scene, Shown } from "./scene";
import { act, onAct } from "./shell";
import { tell } from "./tell";
import { words } from "./words/canvas";
import type { Viewport } from "./viewport";

const FAR = 10;
/** All keys, for people who ask and for `aria-keyshortcuts`. */
const TABLE: [keyof typeof words.keyGroups, keyof typeof words.keys, string[]][] = [
  ["move", "follow", ["←", "→"]],
  ["move", "siblings", ["↑", "↓"]],
  ["move", "ends", ["Home", "End"]],
  ["move", "find", ["Ctrl K"]],
  ["move", "settings", ["Enter"]],
  ["move", "filter", ["L"]],
  ["move", "bubble", ["I"]],
  ["move", "menu", ["Shift F10"]],
  ["edit", "add", ["N", "Insert"]],
  ["edit", "rename", ["F2"]],
  ["edit", "move", ["Alt ← ↑ → ↓"]],
  ["edit", "select", ["Shift click", "Shift drag"]],
  ["edit", "selectAll", ["Ctrl A", "Esc"]],
  ["edit", "clipboard", ["Ctrl C", "Ctrl X", "Ctrl V"]],
  ["edit", "duplicate", ["Ctrl D"]],
  ["edit", "remove", ["Delete", "Ctrl Delete"]],
  ["edit", "disable", ["D"]],
  ["edit", "undo", ["Ctrl Z"]],
  ["edit", "redo", ["Ctrl Shift Z", "Ctrl Y"]],
  ["look", "fit", ["F"]],
  ["look", "whole", ["0"]],
  ["look", "zoom", ["+", "−", "Ctrl wheel"]],
  ["look", "pan", ["Wheel", "Drag"]],
  ["look", "outline", ["O"]],
  ["look", "help", ["?"]],
  ["run", "run", ["Ctrl Shift Enter"]],
  ["run", "log", ["Ctrl J"]],
  ["run", "save", ["Ctrl S"]],
  ["run", "complete", ["Ctrl Space"]],
];

const ARIA = "ArrowLeft ArrowRight ArrowUp ArrowDown Enter N F2 I L D F 0 + - ? Delete Shift+F10 Alt+ArrowLeft Alt+ArrowRight Alt+ArrowUp Alt+ArrowDown Control+K Control+D Control+A Control+Z";

export class Keys {
  constructor(
    private readonly editor: Editor,
    private readonly scene: Scene,
    private readonly viewport: Viewport,
    private readonly pointer: Pointer,
  ) {
    scene.svg.setAttribute("aria-keyshortcuts", ARIA);
    document.addEventListener("keydown", (event) => this.#key(event));
    onAct(editor, "keys", () => this.help());
    // On the HTML host: a listener on the drawing would make it focusable.
    viewport.stage.addEventListener("focusin", (event) => this.#focused(event.target as Element));
  }

  #focused(element: Element): void {
    const key = element.closest<SVGElement>(".node")?.dataset.key;
    if (key === undefined) return;
    this.scene.stop(key);
    if (this.pointer.isDown) return;
    if (!this.editor.selection.has(key)) this.editor.selection.set([key]);
    this.viewport.reveal(key);
  }

  #key(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.isComposing) return;
    const isDone = event.ctrlKey || event.metaKey ? this.#command(event) : this.#single(event);
    if (isDone) event.preventDefault();
  }

  /** Keys with Ctrl or Cmd. In a field only those that a field has no use for. */
  #command(event: KeyboardEvent): boolean {
    const { editor } = this;
    const key = event.key.toLowerCase();
    if (key === "s") return this.#save();
    if (key === "enter" && event.shiftKey) return run(() => act("run"));
    if (key === "k") return run(() => act("find"));
    if (key === "j") return run(() => editor.open({ kind: "log" }));
    if (isWriting(event)) return false;
    if (key === "z") return event.shiftKey ? this.#redo() : this.#undo();
    if (key === "y") return this.#redo();
    if (key === "a") return run(() => this.#selectAll());
    if (key === "d" && editor.selection.keys.length > 0) return apply(editor, duplicate(editor.store.doc, editor.selection.keys)) || true;
    if ((key === "delete" || key === "backspace") && this.#here(event)) return this.#remove(true);
    if (this.#here(event) && (key === "+" || key === "=")) return run(() => this.viewport.zoom(1.25));
    if (this.#here(event) && key === "-") return run(() => this.viewport.zoom(0.8));
    return false;
  }

  /** Keys that need a module with the focus. */
  #single(event: KeyboardEvent): boolean {
    const here = this.#here(event);
    if (!here) return this.#elsewhere(event);
    if (event.key.startsWith("Arrow")) return event.altKey ? this.#shift(event) : this.#walk(event.key, here);
    if (event.altKey) return false;
    const { key } = here.entry;
    const { editor } = this;
    switch (event.key.length === 1 ? event.key.toLowerCase() : event.key) {
      case "Home": return this.#go([...this.scene.shown.values()][0]);
      case "End": return this.#go([...this.scene.shown.values()].at(-1));
      case "Enter":
      case " ": return run(() => this.pointer.activate({ kind: "module", key, element: here.node }));
      case "n":
      case "Insert": return run(() => editor.services.picker?.open({ after: key }, here.node));
      case "F2": return run(() => editor.signals.dispatchEvent(new CustomEvent("rename", { detail: { key } })));
      case "i": return this.#inspect(here);
      case "l": return this.#filter(here);
      case "d": return isPlaceholder(here.entry.module) || apply(editor, toggle(editor.store.doc, this.#chosen(key), this.scene.looks.catalogue)) || true;
      case "o": return run(() => editor.open({ kind: "outline" }));
      case "Delete":
      case "Backspace": return this.#remove(false);
      case "ContextMenu": return this.#menu(here);
      case "F10": return event.shiftKey && this.#menu(here);
      case "f": return run(() => this.viewport.fit());
      case "0": return run(() => this.viewport.whole());
      case "+":
      case "=": return run(() => this.viewport.zoom(1.25));
      case "-": return run(() => this.viewport.zoom(0.8));
      case "?": return run(() => this.help());
      case "Escape": return this.#escape();
      default: return false;
    }
  }

  /** The focus is on the page, on a filter, a note or the big plus. */
  #elsewhere(event: KeyboardEvent): boolean {
    if (isWriting(event)) return false;
    const element = event.target as Element;
    if (event.key === "?") return run(() => this.help());
    if (event.key === "Escape") return this.#escape();
    const piece = element.closest<SVGElement>(".filter, [data-note], .first");
    if (piece && (event.key === "Enter" || event.key === " ")) {
      const kind = piece.matches(".filter") ? "filter" : piece.matches(".first") ? "first" : "note";
      const key = piece.dataset.key ?? piece.dataset.note ?? "";
      return run(() => this.pointer.activate(kind === "first" ? { kind, key: "", element: piece } : { kind, key, element: piece }));
    }
    if ((event.key === "Delete" || event.key === "Backspace") && element === document.body && this.editor.selection.keys.length > 0) return this.#remove(false);
    // From anywhere but a control, an arrow key begins the walk.
    if (event.key.startsWith("Arrow") && !event.altKey && (element === document.body || element.id === "main")) return this.#go(this.scene.shown.get(this.scene.tabStop ?? ""));
    return false;
  }

  /** The module that has the focus. */
  #here(event: KeyboardEvent): Shown | undefined {
    const key = (event.target as Element).closest?.<SVGElement>(".node")?.dataset.key;
    return key === undefined ? undefined : this.scene.shown.get(key);
  }

  /** All selected modules, when this one is among them. */
  #chosen(key: string): readonly string[] {
    const { keys } = this.editor.selection;
    return keys.includes(key) ? keys : [key];
  }

  #walk(key: string, here: Shown): boolean {
    if (key === "ArrowLeft") return this.#go(here.parent && this.scene.shown.get(here.parent.key));
    if (key === "ArrowRight") return this.#go(this.#children(here)[0]);
    const step = key === "ArrowDown" ? 1 : -1;
    return this.#go(this.#beside(here, step) ?? this.#nearest(here, step));
  }

  #children(shown: Shown | undefined): Shown[] {
    const all = [...this.scene.shown.values()].filter((other) => other.parent?.key === shown?.entry.key);
    const flow = all.filter((other) => other.entry.kind === "flow");
    return [...flow, ...all.filter((other) => other.entry.kind !== "flow")];
  }

  /** The other route: of the module itself, else of what it came from, as far
   *  along as here. */
  #beside(here: Shown, step: number): Shown | undefined {
    let depth = 0;
    for (let next: Shown | undefined = here; next; next = next.parent && this.scene.shown.get(next.parent.key)) {
      const siblings = this.#children(next.parent && this.scene.shown.get(next.parent.key)).sort((a, b) => a.at.y - b.at.y);
      let other: Shown | undefined = next.parent ? siblings[siblings.indexOf(next) + step] : undefined;
      if (other) {
        for (; depth > 0; depth -= 1) other = this.#children(other)[0] ?? other;
        return other;
      }
      depth += 1;
    }
    return undefined;
  }

  /** Loose modules have no route: the nearest one above or below. */
  #nearest(here: Shown, step: number): Shown | undefined {
    const others = [...this.scene.shown.values()].filter((other) => (other.at.y - here.at.y) * step > 20);
    const far = (other: Shown) => Math.abs(other.at.y - here.at.y) + 2 * Math.abs(other.at.x - here.at.x);
    return others.sort((a, b) => far(a) - far(b))[0];
  }

  #go(shown: Shown | undefined): boolean {
    if (!shown) return true;
    const { key } = shown.entry;
    this.editor.selection.set([key]);
    this.viewport.reveal(key);
    shown.node.focus({ preventScroll: true });
    return true;
  }

  /** Moves the selected modules by keys; presses close together are one step
   *  of undo, and others on the way are passed. */
  #shift(event: KeyboardEvent): boolean {
    const far = GRID * (event.shiftKey ? FAR : 1);
    const way = { ArrowLeft: [-1, 0, words.left], ArrowRight: [1, 0, words.right], ArrowUp: [0, -1, words.up], ArrowDown: [0, 1, words.down] }[event.key] as [number, number, string];
    const keys = this.#chosen(this.#here(event)?.entry.key ?? "");
    const moved = keys.map((key) => this.scene.shown.get(key)).filter((shown) => shown !== undefined);
    const from = new Map(moved.map((shown) => [shown.entry.key, shown.at]));
    const others = [...this.scene.shown.values()].filter((shown) => !from.has(shown.entry.key)).map((shown) => shown.at);
    for (let step = 1; step <= 60; step += 1) {
      const to = new Map([...from].map(([key, at]): [string, Point] => [key, { x: at.x + way[0] * far * step, y: at.y + way[1] * far * step }]));
      if (![...to.values()].every((place) => isFree(place, others))) continue;
      commitMove(this.editor, this.scene, from, to, `move ${keys.join(" ")}`);
      for (const key of keys.slice(-1)) this.viewport.reveal(key);
      tell(words.moved(keys.length, way[2]));
      return true;
    }
    tell(words.noRoom);
    return true;
  }

  #remove(heals: boolean): boolean {
    const { editor } = this;
    const { keys } = editor.selection;
    if (keys.length === 0) return true;
    const before = this.scene.shown.get(keys[0] as string)?.parent?.key;
    if (removeSelected(editor, heals)) {
      if (before !== undefined && this.scene.shown.has(before)) this.#go(this.scene.shown.get(before));
      else if (this.scene.first) this.scene.first.focus();
      else this.#go(this.scene.shown.get(this.scene.tabStop ?? ""));
    }
    return true;
  }

  #inspect(here: Shown): boolean {
    if (this.scene.mark(here.entry.key)) this.editor.open({ kind: "inspect", key: here.entry.key });
    else this.editor.say(words.noRun, "warn");
    return true;
  }

  #filter(here: Shown): boolean {
    if (here.parent) this.editor.open({ kind: "filter", key: here.entry.key });
    else this.editor.say(words.noFilter, "warn");
    return true;
  }

  #menu(here: Shown): boolean {
    const rect = here.node.querySelector(".disc")?.getBoundingClientRect() ?? here.node.getBoundingClientRect();
    this.pointer.menu({ kind: "module", key: here.entry.key, element: here.node }, { x: rect.left + rect.width / 2, y: rect.top + rect.height / 2 });
    return true;
  }

  #selectAll(): void {
    this.editor.selection.set(this.scene.shown.keys());
    tell(words.selected(this.scene.shown.size));
  }

  #escape(): boolean {
    // An open panel closes first; the frame of the editor does that.
    if (this.editor.panel || this.editor.selection.keys.length === 0) return false;
    this.editor.selection.set([]);
    tell(words.selected(0));
    return true;
  }

  #undo(): boolean {
    const label = this.editor.store.canUndo;
    tell(label === undefined ? words.nothingToUndo : words.undone(label));
    this.editor.store.undo();
    return true;
  }

  #redo(): boolean {
    const label = this.editor.store.canRedo;
    tell(label === undefined ? words.nothingToRedo : words.redone(label));
    this.editor.store.redo();
    return true;
  }

  #save(): boolean {
    const { drafts } = this.editor.services;
    void drafts?.flush().then(
      () => this.editor.say(words.kept),
      () => undefined,
    );
    return true;
  }

  /** The list of all keys. */
  help(): void {
    const dialog = openDialog(words.keysTitle);
    dialog.element.classList.add("keys");
    dialog.foot.remove();
    // It may be longer than the window, and has nothing else to take the focus.
    dialog.body.tabIndex = 0;
    const groups = Object.entries(words.keyGroups).map(([group, title]) =>
      h(
        "section",
        {},
        h("h3", {}, title),
        h("dl", {}, ...TABLE.filter(([of]) => of === group).map(([, name, keys]) => h("div", {}, h("dt", {}, words.keys[name]), h("dd", {}, ...keys.map((key) => h("kbd", {}, key)))))),
      ),
    );
    dialog.body.append(h("p", { class: "quiet" }, words.keysHint), h("div", { class: "groups" }, ...groups));
  }
}

function run(what: () => void): true {
  what();
  return true;
}

/** Whether the key belongs to a field, also to one inside a custom element, or
 *  to something that lies over the canvas. */
function isWriting(event: KeyboardEvent): boolean {
  const element = event.composedPath()[0];
  if (!(element instanceof Element)) return false;
  return element.closest("input, textarea, select, [contenteditable], [role='menu'], dialog") !== null || (event.target as Element).closest("mapping-field, dialog, [role='menu']") !== null;
}
