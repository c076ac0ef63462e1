/** The frame in which the parts of the editor meet: one panel at a time, menus,
 *  messages, questions, and the way to the server. */
import { h, icon, must, useSprite } from "./dom";
import { type Boot, type Catalogue, type Editor, type MenuItem, type Panel, type PanelMaker, Refused, Selection, type Services } from "./editor";
import type { Doc } from "./store";
import { Store } from "./store";
import type { Json } from "./json";
import { openMenu } from "./menu";
import { words } from "./words/shell";

/** Buttons of the page carry `data-act`; whoever owns an act listens here. */
const acts = new Map<string, (button: HTMLElement) => void>();

export function onAct(_editor: Editor, act: string, run: (button: HTMLElement) => void): void {
  acts.set(act, run);
}

/** Does an act as if its button had been pressed; for keys and menus. */
export function act(name: string): void {
  const button = document.querySelector<HTMLElement>(`[data-act="${name}"]`);
  acts.get(name)?.(button ?? document.body);
}

export function createEditor(boot: Boot): Editor {
  useSprite(boot.iconsUrl);
  const shell = new Shell(boot);
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest?.<HTMLElement>("[data-act]");
    const run = button && acts.get(button.dataset.act ?? "");
    if (button && run) {
      event.preventDefault();
      run(button);
    }
  });
  document.addEventListener("keydown", (event) => {
    // Whoever is on top (a menu, a completion) has taken it already.
    if (event.key === "Escape" && !event.defaultPrevented && shell.panel) {
      event.preventDefault();
      shell.close();
    }
  });
  return shell;
}

class Shell implements Editor {
  readonly store: Store;
  readonly selection = new Selection();
  readonly signals = new EventTarget();
  readonly services: Services = {};
  panels = new Map<Panel["kind"], PanelMaker<never>>();
  #panel: Panel | undefined;
  #onClose: (() => void) | undefined;
  #opener: Element | null = null;
  #catalogue: Promise<Catalogue> | undefined;

  constructor(readonly boot: Boot) {
    this.store = new Store({ root: boot.draft.root, links: boot.draft.links });
  }

  get panel(): Panel | undefined {
    return this.#panel;
  }

  catalogue(): Promise<Catalogue> {
    this.#catalogue ??= this.get<Catalogue>(this.boot.catalogueUrl).catch((error: unknown) => {
      this.#catalogue = undefined;
      throw error;
    });
    return this.#catalogue;
  }

  change(label: string, doc: Doc, options?: { merge?: string; select?: string[] }): void {
    this.store.change(label, doc, options);
  }

  open(panel: Panel): void {
    const make = this.panels.get(panel.kind) as PanelMaker | undefined;
    if (!make) return;
    if (this.#panel) this.#leave();
    else this.#opener = document.activeElement;
    const side = must("#side");
    const box = h("div", { class: `panel-box is-${panel.kind}` });
    side.replaceChildren(box);
    side.hidden = false;
    document.body.classList.add("has-panel");
    this.#panel = panel;
    this.#onClose = make(panel, box, this) ?? undefined;
    this.signals.dispatchEvent(new Event("panel"));
  }

  close(): void {
    const closed = this.#panel;
    if (!closed) return;
    this.#leave();
    const side = must("#side");
    const hadFocus = side.contains(document.activeElement) || document.activeElement === document.body;
    side.replaceChildren();
    side.hidden = true;
    document.body.classList.remove("has-panel");
    this.#panel = undefined;
    this.signals.dispatchEvent(new Event("panel"));
    if (hadFocus) this.#giveFocusBack(closed);
  }

  #leave(): void {
    const onClose = this.#onClose;
    this.#onClose = undefined;
    onClose?.();
    this.services.mapping?.hide();
  }

  #giveFocusBack(closed: Panel): void {
    if ("key" in closed && this.store.entry(closed.key)) this.services.scene?.reveal(closed.key, { focus: true });
    else if (this.#opener instanceof HTMLElement || this.#opener instanceof SVGElement) this.#opener.focus();
  }

  menu(at: { x: number; y: number } | HTMLElement, items: MenuItem[], opener?: Element): void {
    openMenu(at, items, opener);
  }

  say(text: string, kind: "ok" | "warn" | "bad" = "ok", action?: { label: string; run: () => void }): void {
    const button = action && h("button", { class: "small", onclick: action.run }, action.label);
    const toast = h("div", { class: `toast is-${kind}` }, h("span", {}, text), button);
    // Read out by the region that is always there; the message itself comes and goes.
    must("#live").textContent = text;
    const place = must(".toasts");
    place.replaceChildren(toast);
    lift(place);
    // What a message offers, such as to undo, is about what stands there now.
    const forget = action ? this.store.subscribe(() => end()) : () => undefined;
    const end = () => {
      forget();
      toast.remove();
      if (!place.hasChildNodes()) place.hidePopover();
    };
    setTimeout(end, action || kind === "bad" ? 9_000 : 3_500);
  }

  ask(question: string, yes: string, details?: string): Promise<boolean> {
    return new Promise((answer) => {
      const dialog = h(
        "dialog",
        { class: "question", "aria-label": question },
        h("h2", {}, question),
        details && h("p", {}, details),
        h("form", { method: "dialog", class: "row" }, h("button", { class: "primary", value: "yes" }, yes), h("button", { value: "no" }, words.cancel)),
      );
      dialog.addEventListener("close", () => {
        dialog.remove();
        answer(dialog.returnValue === "yes");
      });
      document.body.append(dialog);
      dialog.showModal();
    });
  }

  post<T>(path: string, body: Json | object): Promise<T> {
    return ask<T>(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  }

  get<T>(path: string): Promise<T> {
    return ask<T>(path, {});
  }
}

/** Above everything that is open, dialogs too: what was opened last is on top. */
function lift(place: HTMLElement): void {
  place.popover = "manual";
  if (place.matches(":popover-open")) place.hidePopover();
  place.showPopover();
}

/** Asks the server; what it refuses becomes a `Refused` with its sentence. */
export async function ask<T>(path: string, init: RequestInit): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(path, { ...init, redirect: "manual", headers: { accept: "application/json", ...init.headers } });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Refused(words.unreachable, 0, null);
  }
  if (answer.type === "opaqueredirect" || answer.status === 401) throw new Refused(words.signedOut, 401, null);
  let body: Json = null;
  try {
    body = (await answer.json()) as Json;
  } catch {
    throw new Refused(words.unreadable, answer.status, null);
  }
  if (answer.ok) return body as T;
  const problem = body !== null && typeof body === "object" && "problem" in body ? body.problem : undefined;
  throw new Refused(typeof problem === "string" ? problem : words.unreadable, answer.status, body);
}

/** The head, body and foot that all panels share. The title has the focus
 *  first, so that screen readers say what was opened. */
export function panelFrame(
  box: HTMLElement,
  editor: Editor,
  head: { title: string; detail?: string; number?: string; app?: string; icon?: string; grey?: boolean },
): { body: HTMLElement; foot: HTMLElement; title: HTMLElement } {
  const title = h("h2", { tabindex: "-1" }, head.title);
  const header = h(
    "header",
    { class: head.grey ? "panel-head grey" : "panel-head", "data-app": head.app },
    head.icon && icon(head.icon),
    title,
    head.number && h("b", { class: "num" }, head.number),
    head.detail && h("span", { class: "detail" }, head.detail),
    h("button", { class: "ghost close", "aria-label": words.close, onclick: () => editor.close() }, icon("x")),
  );
  const body = h("div", { class: "panel-body" });
  const foot = h("footer", { class: "panel-foot" });
  box.replaceChildren(header, body, foot);
  title.focus({ preventScroll: true });
  return { body, foot, title };
}
