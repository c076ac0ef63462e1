/** The menus of modules, lines, routers, notes and the canvas. They come with a
 *  right click, a long press, Shift+F10 or the menu key. */
import { add, addRoute, apply, described, disconnect, filterOf, find, isIfElse, isMerge, isPlaceholder, isRouter, removeNote, setFilter, takesFilter, takesHandler, toIfElse, toggleRoute, waysOf, wayInto } from "./blueprint";
import { commands, looseParts, named, openNote } from "./commands";
import type { Editor, MenuItem } from "./editor";
import { copiedFilter, keepFilter } from "./filter/copied";
import { at } from "./json";
import { later } from "./later";
import type { Filter } from "./services";
import { act, onAct } from "./shell";
import type { Entry } from "./tree";
import { words } from "./words/menus";

/** What `menu` on the signals tells. */
interface MenuCall {
  target: "module" | "link" | "router" | "canvas" | "note";
  /** Of the module; of a line, the module that it leads into; of a note, its number. */
  key: string;
  /** In pixels of the window. */
  at: { x: number; y: number };
}

export function start(editor: Editor): void {
  editor.signals.addEventListener("menu", (event) => show(editor, (event as CustomEvent<MenuCall>).detail));
  onAct(editor, "add", () => commands(editor).addAfter());
}

function show(editor: Editor, call: MenuCall): void {
  const opener = call.target === "canvas" || call.target === "note" ? undefined : editor.services.scene?.element(call.key);
  const items = itemsFor(editor, call);
  if (items.length > 0) editor.menu(call.at, items, opener ?? document.activeElement ?? undefined);
}

function itemsFor(editor: Editor, call: MenuCall): MenuItem[] {
  const entry = find(editor.store.doc, call.key);
  if (call.target === "canvas") return canvasItems(editor, call);
  if (call.target === "note") return noteItems(editor, Number(call.key));
  if (!entry) return [];
  if (call.target === "link") return linkItems(editor, entry, call);
  return [...(call.target === "router" ? routerItems(editor, entry) : []), ...moduleItems(editor, entry, call.target === "router")];
}

function moduleItems(editor: Editor, entry: Entry, isRouting: boolean): MenuItem[] {
  const { key, module } = entry;
  const does = commands(editor);
  const isMany = editor.selection.keys.length > 1;
  const isVacant = isPlaceholder(module);
  if (isVacant) return [{ label: words.choose, icon: "plus", keys: "Enter", run: () => does.replace(key) }, ...removalItems(editor, entry)];
  const kind = described(module, named())?.kind;
  const items: (MenuItem | false)[] = [
    !isRouting && { label: words.settings, icon: "settings", keys: "Enter", run: () => does.settings(key) },
    !isRouting && { label: words.runOnly, icon: "play", run: () => does.runOnly(key) },
    { label: words.lastOutput, icon: "search", keys: "I", run: () => does.inspect(key) },
    { label: words.rename, icon: "pencil", keys: "F2", run: () => does.rename(key) },
    { label: words.addAfter, icon: "plus", keys: "N", separated: true, run: () => does.addAfter(key) },
    takesHandler(module) && { label: words.addError, icon: "triangle-alert", run: () => does.addError(key) },
    takesHandler(module) && looseParts(editor, entry).length > 0 && { label: words.handleWith, icon: "unplug", run: () => does.handleWith(key) },
    { label: words.addNote, icon: "sticky-note", run: () => does.note(key) },
    { label: words.connect, icon: "arrow-right", run: () => does.connect(key) },
    entry.parent !== undefined && { label: words.disconnect, icon: "unplug", run: () => does.disconnect(key) },
    entry.isOrphan && entry.parent === undefined && isBeginningFree(editor) && { label: words.begin, icon: "play", run: () => does.begin(key) },
    kind === "polling-trigger" && !entry.isOrphan && { label: words.startAt, icon: "skip-forward", run: () => void goToStart(editor) },
    { label: words.copy, icon: "copy", keys: "Ctrl+C", separated: true, run: does.copy },
    { label: words.cut, icon: "clipboard", keys: "Ctrl+X", run: does.cut },
    { label: words.duplicate, icon: "layers", keys: "Ctrl+D", run: does.duplicate },
    !isMany && { label: words.replace, icon: "refresh-cw", run: () => does.replace(key) },
    { label: module.disabled === true ? words.enable : words.disable, icon: "power", keys: "D", run: does.toggle },
  ];
  return [...items.filter((item) => item !== false), ...removalItems(editor, entry)];
}

function removalItems(editor: Editor, entry: Entry): MenuItem[] {
  const does = commands(editor);
  const follows = editor.store.entries.some((other) => other.parent !== undefined && editor.store.entries[other.parent]?.key === entry.key);
  const remove: MenuItem = { label: words.remove, icon: "trash-2", keys: "Del", danger: true, separated: true, run: does.remove };
  return follows ? [remove, { label: words.heal, icon: "eraser", keys: "Ctrl+Del", danger: true, run: does.heal }] : [remove];
}

/** A loose part can only become the start when nothing else is it. */
function isBeginningFree(editor: Editor): boolean {
  return editor.store.entries.every((entry) => entry.isOrphan || isPlaceholder(entry.module));
}

function routerItems(editor: Editor, entry: Entry): MenuItem[] {
  const { key, module } = entry;
  const isBranching = isIfElse(module);
  const items: (MenuItem | false)[] = [
    { label: isBranching ? words.orderBranches : words.orderRoutes, icon: "list", run: () => void later(editor, "routes", ({ orderRoutes }) => orderRoutes(editor, key)) },
    { label: isBranching ? words.addBranch : words.addRoute, icon: "git-fork", run: () => void apply(editor, addRoute(editor.store.doc, key)) },
    isRouter(module) && waysOf(module).length > 0 && { label: words.toIfElse, icon: "split", run: () => void apply(editor, toIfElse(editor.store.doc, key)) },
  ];
  return items.filter((item) => item !== false);
}

/** A line is named by the module that it leads into. */
function linkItems(editor: Editor, entry: Entry, call: MenuCall): MenuItem[] {
  const { doc } = editor.store;
  const { key } = entry;
  const takes = takesFilter(doc.root, entry);
  const filter = filterOf(doc.root, entry);
  const way = wayInto(entry);
  const owner = way && editor.store.entries.find((other) => other.path.length === way.owner.length && other.path.every((step, index) => step === way.owner[index]));
  const isRouteOff = way !== undefined && at(doc.root, [...way.owner, way.part, way.index, "disabled"]) === true;
  const isMergeLine = isMerge(entry.module);
  const items: (MenuItem | false)[] = [
    takes && { label: filter ? words.changeFilter : words.filter, icon: "filter", keys: "L", run: () => editor.open({ kind: "filter", key }) },
    takes && filter !== undefined && { label: words.copyFilter, icon: "copy", run: () => copyFilter(editor, filter) },
    takes && copiedFilter() !== undefined && { label: words.pasteFilter, icon: "clipboard-paste", run: () => void apply(editor, setFilter(editor.store.doc, key, copiedFilter())) },
    takes && { label: words.filterNote, icon: "sticky-note", run: () => openNote(editor, { filter: key }) },
    !isMergeLine && { label: words.addModule, icon: "plus", separated: true, run: () => editor.services.picker?.open({ before: key }, call.at) },
    !isMergeLine && entry.kind === "flow" && { label: words.addRouter, icon: "git-fork", run: () => void addRouter(editor, key) },
    owner !== undefined && way !== undefined && { label: isRouteOff ? words.routeOn : words.routeOff, icon: "power", run: () => void apply(editor, toggleRoute(editor.store.doc, owner.key, way.index)) },
    { label: words.unlink, icon: "unplug", danger: true, separated: true, run: () => void apply(editor, disconnect(editor.store.doc, key, named())) },
  ];
  return items.filter((item) => item !== false);
}

function copyFilter(editor: Editor, filter: Filter): void {
  keepFilter(filter);
  editor.say(words.filterCopied);
}

async function addRouter(editor: Editor, before: string): Promise<void> {
  const catalogue = await editor.catalogue();
  const router = catalogue.modules.find((module) => module.kind === "router");
  if (router) apply(editor, add(editor.store.doc, { before }, router, catalogue));
}

function canvasItems(editor: Editor, call: MenuCall): MenuItem[] {
  const { scene } = editor.services;
  const place = scene?.fromWindow(call.at) ?? { x: 0, y: 0 };
  const onCanvas = scene?.toMake(place) ?? place;
  const does = commands(editor);
  return [
    { label: words.paste, icon: "clipboard-paste", keys: "Ctrl+V", run: () => does.paste({ at: onCanvas }) },
    { label: words.addModule, icon: "plus", run: () => editor.services.picker?.open({ place }, call.at) },
    { label: words.addNote, icon: "sticky-note", run: () => openNote(editor, { place: onCanvas }) },
    { label: words.align, icon: "wand-sparkles", separated: true, run: () => act("align") },
    { label: words.selectAll, icon: "list-checks", keys: "Ctrl+A", run: does.selectAll },
  ];
}

function noteItems(editor: Editor, index: number): MenuItem[] {
  return [
    { label: words.editNote, icon: "pencil", run: () => editor.open({ kind: "note", index }) },
    { label: words.removeNote, icon: "trash-2", danger: true, run: () => void apply(editor, removeNote(editor.store.doc, index)) },
  ];
}

/** Where a trigger begins is chosen on a page of its own, for what is live. */
async function goToStart(editor: Editor): Promise<void> {
  await editor.services.drafts?.flush().catch(() => undefined);
  location.assign(`/scenarios/${editor.boot.scenario.id}/start`);
}
