/** Copying, cutting and pasting modules as blueprint text, to and from Make.
 *  Ctrl+C, Ctrl+X and Ctrl+V come as the browser's own events, which work
 *  without asking and without https; menus use the clipboard where they may. */
import { type Fragment, add, apply, countOf, moduleAt, paste, pick, remove, setValue } from "./blueprint";
import type { Request } from "./curl";
import { h } from "./dom";
import type { Editor } from "./editor";
import type { Collection, Json } from "./json";
import { later } from "./later";
import type { Pasted } from "./pasted";
import type { Point } from "./blueprint/room";
import type { Doc } from "./store";
import { words } from "./words/clipboard";
import { words as flow } from "./words/flow";

const KEPT = "rouage.clipboard";

/** What this server remembers of the last copy. Texts that go elsewhere have
 *  no accounts in them; here the accounts come along. */
interface Kept {
  text: string;
  links: Record<string, Json>;
  scenario: number;
  isCut: boolean;
}

let pointer: Point | undefined;

export function start(editor: Editor): void {
  const stage = document.querySelector("#stage");
  stage?.addEventListener("pointermove", (event) => {
    const { clientX, clientY } = event as PointerEvent;
    pointer = { x: clientX, y: clientY };
  });
  stage?.addEventListener("pointerleave", () => {
    pointer = undefined;
  });
  for (const act of ["copy", "cut"] as const) {
    document.addEventListener(act, (event) => {
      if (isElsewhere(event)) return;
      const text = act === "cut" ? cut(editor, () => true) : copied(editor);
      if (text === undefined) return;
      event.clipboardData?.setData("text/plain", text);
      event.preventDefault();
    });
  }
  document.addEventListener("paste", (event) => {
    if (isElsewhere(event)) return;
    event.preventDefault();
    pasteText(editor, event.clipboardData?.getData("text/plain") ?? "");
  });
}

/** Fields, dialogs and marked texts keep the browser's own copy and paste. */
function isElsewhere(event: Event): boolean {
  const target = event.composedPath()[0];
  if (target instanceof Element && target.closest("input, textarea, select, [contenteditable]:not([contenteditable=false]), dialog, .cm-editor")) return true;
  const isInPanel = target instanceof Element && target.closest("#side, #mapping") !== null;
  return (event.type !== "paste" && !(getSelection()?.isCollapsed ?? true)) || (event.type === "paste" && isInPanel);
}

/** Copies the selection; answers with its text. */
function copied(editor: Editor, isCut = false): string | undefined {
  const fragment = pick(editor.store.doc, editor.selection.keys);
  const count = countOf(fragment);
  if (count === 0) return undefined;
  const text = written(fragment);
  remember({ text, links: fragment.links, scenario: editor.boot.scenario.id, isCut });
  if (!isCut) editor.say(words.copied(count));
  return text;
}

function cut(editor: Editor, write: (text: string) => boolean): string | undefined {
  const text = copied(editor, true);
  if (text === undefined || !write(text)) return undefined;
  const { keys } = editor.selection;
  apply(editor, remove(editor.store.doc, keys, undefined, flow.cut(keys.length)));
  return text;
}

export async function copySelection(editor: Editor): Promise<void> {
  const text = copied(editor);
  if (text === undefined) editor.say(words.nothingSelected, "warn");
  else if (!(await write(text))) editor.say(words.notCopied, "warn");
}

export async function cutSelection(editor: Editor): Promise<void> {
  const text = copied(editor, true);
  if (text === undefined) return editor.say(words.nothingSelected, "warn");
  if (!(await write(text))) return editor.say(words.notCopied, "warn");
  const { keys } = editor.selection;
  apply(editor, remove(editor.store.doc, keys, undefined, flow.cut(keys.length)));
}

/** Pastes from a menu: from the clipboard, from what was copied here last, or
 *  from a box into which the person pastes. */
export async function pasteFromMenu(editor: Editor, where?: { at?: Point; after?: string }): Promise<void> {
  const text = (await read()) ?? remembered()?.text ?? (await askForText());
  if (text !== undefined) pasteText(editor, text, where);
}

/** Puts a text in; says kindly what it is when it is nothing for us. */
export function pasteText(editor: Editor, text: string, where: { at?: Point; after?: string } = {}): void {
  // Where the pointer is now, not when the reader has come.
  const place = where.after === undefined ? (where.at ?? middle(editor)) : undefined;
  void later(editor, "pasted", ({ readPasted }) => putIn(editor, text, readPasted(text), { ...where, ...(place ? { at: place } : {}) }));
}

function putIn(editor: Editor, text: string, pasted: Pasted, where: { at?: Point; after?: string }): void {
  if ("problem" in pasted) return editor.say(pasted.problem, "warn");
  if ("request" in pasted) {
    void pasteRequest(editor, pasted.request, where.at);
    return;
  }
  const kept = remembered();
  const isOwn = kept?.text.trim() === text.trim();
  const fragment: Fragment = isOwn && kept ? { ...pasted.fragment, links: kept.links } : pasted.fragment;
  const keepsNumbers = isOwn && kept?.isCut === true && kept.scenario === editor.boot.scenario.id;
  const edit = paste(editor.store.doc, fragment, { ...where, keepsNumbers });
  if (!apply(editor, edit)) return;
  const [first] = edit.select ?? [];
  if (first !== undefined) editor.services.scene?.reveal(first, { focus: true });
  editor.say(words.pasted(countOf(fragment)), "ok", { label: words.undo, run: () => editor.store.undo() });
}

/** The text for the clipboard, as Make's editor writes and reads it. */
export function written(fragment: Fragment): string {
  const metadata: Collection = fragment.notes.length > 0 ? { version: 1, notes: fragment.notes } : { version: 1 };
  return JSON.stringify({ subflows: fragment.flows.map((flow) => ({ flow })), metadata }, null, 4);
}

/** Where the pointer is over the canvas, else the middle of the view. */
function middle(editor: Editor): Point | undefined {
  const { scene } = editor.services;
  if (!scene) return undefined;
  return scene.toMake(pointer ? scene.fromWindow(pointer) : scene.middle());
}

async function pasteRequest(editor: Editor, request: Request, at: Point | undefined): Promise<void> {
  const catalogue = await editor.catalogue();
  const entry = catalogue.modules.find((module) => module.name === "http:MakeRequest" && module.version === 4);
  if (!entry) return editor.say(words.noHttp, "warn");
  const edit = add(editor.store.doc, { place: at ?? { x: 0, y: 0 } }, entry, catalogue);
  const key = edit.select?.[0] ?? "";
  const doc = requestInto(edit.doc, key, request);
  if (!apply(editor, { ...edit, doc, label: words.curl })) return;
  editor.services.scene?.reveal(key);
  editor.open({ kind: "module", key });
  editor.say(request.user !== undefined ? words.curlPassword : request.parts.some((part) => part.isFile) ? words.curlFile : words.curlPasted);
}

/** Writes a request into a fresh HTTP module. */
export function requestInto(doc: Doc, key: string, request: Request): Doc {
  const mapper = { ...(moduleAt(doc, key)?.mapper as Record<string, Json>), ...mapped(request) };
  const next = setValue(doc, key, ["mapper"], mapper, "").doc;
  return request.user === undefined ? next : setValue(next, key, ["parameters", "authenticationType"], "basicAuth", "").doc;
}

function mapped(request: Request): Record<string, Json> {
  const type = request.headers.find(({ name }) => name.toLowerCase() === "content-type")?.value ?? "";
  const content = (): Record<string, Json> => {
    if (request.parts.length > 0) {
      return { contentType: "multipart", multipartBodyContent: request.parts.map(({ name, value, isFile }) => ({ multipartFieldType: isFile ? "file" : "text", name, ...(isFile ? {} : { value }) })) };
    }
    if (request.form.length > 0) return { contentType: "urlEncoded", urlEncodedBodyContent: request.form };
    if (request.body === undefined) return {};
    const isJson = /json/i.test(type) || (type === "" && /^\s*[[{]/.test(request.body));
    if (isJson) return { contentType: "json", inputMethod: "jsonString", jsonStringBodyContent: request.body };
    return { contentType: "custom", contentTypeValue: type || "text/plain", rawBodyContent: request.body };
  };
  const body = content();
  // The content type is a field of its own once something is sent.
  const headers = request.headers.filter(({ name }) => body.contentType === undefined || name.toLowerCase() !== "content-type");
  return { url: request.url, method: request.method, headers, queryParameters: request.query, ...body };
}

function remember(kept: Kept): void {
  try {
    localStorage.setItem(KEPT, JSON.stringify(kept));
  } catch {
    // Without it, accounts are chosen again after a paste.
  }
}

function remembered(): Kept | undefined {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? "null") as Kept | null;
    return typeof kept?.text === "string" && typeof kept.links === "object" ? kept : undefined;
  } catch {
    return undefined;
  }
}

async function write(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return writeByField(text);
  }
}

/** Without https there is no clipboard for scripts: a marked field is copied. */
function writeByField(text: string): boolean {
  const back = document.activeElement;
  const field = h("textarea", { class: "off-screen", "aria-hidden": "true", tabindex: "-1" });
  field.value = text;
  document.body.append(field);
  field.select();
  const isDone = document.execCommand("copy");
  field.remove();
  if (back instanceof HTMLElement || back instanceof SVGElement) back.focus({ preventScroll: true });
  return isDone;
}

async function read(): Promise<string | undefined> {
  try {
    const text = await navigator.clipboard.readText();
    return text.trim() === "" ? undefined : text;
  } catch {
    return undefined;
  }
}

function askForText(): Promise<string | undefined> {
  return new Promise((answer) => {
    const field = h("textarea", { rows: 6, "aria-label": words.pasteHere });
    const dialog = h("dialog", { class: "question", "aria-label": words.pasteHere }, h("h2", {}, words.pasteHere), h("p", {}, words.pasteHelp), field, h("form", { method: "dialog", class: "row" }, h("button", {}, words.cancel)));
    field.addEventListener("paste", (event) => {
      event.preventDefault();
      answer(event.clipboardData?.getData("text/plain"));
      dialog.close();
    });
    // Keyboards of phones put the text in without telling of a paste.
    field.addEventListener("input", () => {
      if (field.value.length < 2) return;
      answer(field.value);
      dialog.close();
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      answer(undefined);
    });
    document.body.append(dialog);
    dialog.showModal();
    field.focus();
  });
}
