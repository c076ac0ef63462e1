/** The panel of a module: its form, made from what the catalogue says, with
 *  what the server found wrong on top. Everything is kept as it is typed. */
import { addNote, apply, described, isIfElse, isMerge, isPlaceholder, isRouter, labelOf, remove, rename, toggle } from "../blueprint";
import { h, icon, uniqueId } from "../dom";
import type { Catalogue, CatalogueModule, Editor, Field, MenuItem, ModuleReport, Panel } from "../editor";
import { type Collection, isCollection, put } from "../json";
import { Form, type Part, type View, placeOf } from "./form";
import { dynamicFields } from "./dynamic";
import { gathered } from "./gather";
import { type Group, group } from "./group";
import { pairs } from "./pairs";
import { sentence } from "../tell";
import { problems } from "./problems";
import { target } from "./target";
import { triggerSection } from "./trigger";
import { unknown } from "./unknown";
import { leftOver } from "./values";
import { ifElse, merge, router } from "./ways";
import { panelFrame } from "../shell";
import type { News } from "../store";
import { words } from "../words/forms";

/** Aggregators whose items are put together from whatever is ticked. */
const GATHERERS = new Set(["util:AggregateAggregator"]);

export function openModule(panel: Extract<Panel, { kind: "module" }>, box: HTMLElement, editor: Editor): (() => void) | void {
  const form = new Form(editor, panel.key);
  const entry = form.entry;
  if (!entry) return;
  const app = editor.boot.apps[entry.module.module.split(":")[0] ?? ""];
  const report = () => editor.boot.report.find((found) => found.id !== null && found.id === form.id);
  const { body, foot, title } = panelFrame(box, editor, {
    title: labelOf(entry.module),
    detail: app?.label ?? "",
    app: app?.name ?? "",
    icon: app?.icon ?? "",
    grey: report()?.status === "unavailable",
    ...(form.id === undefined ? {} : { number: String(form.id) }),
  });
  const parts: Parts = { form, body, title, report, views: [], catalogue: undefined };
  const stop = new AbortController();
  const { signal } = stop;
  const unsubscribe = editor.store.subscribe((news) => follow(parts, news));
  editor.signals.addEventListener("report", () => parts.problems?.update(), { signal });
  foot.append(...footer(parts));
  body.append(h("p", { class: "field-note", role: "status" }, words.loading));
  editor.catalogue().then(
    (catalogue) => !signal.aborted && fill(parts, catalogue),
    (error: unknown) => !signal.aborted && body.replaceChildren(h("p", { class: "field-note is-warn" }, words.noCatalogue, error instanceof Error ? ` ${error.message}` : "")),
  );
  return () => {
    stop.abort();
    unsubscribe();
    for (const view of parts.views) view.destroy?.();
  };
}

interface Parts {
  form: Form;
  body: HTMLElement;
  title: HTMLElement;
  report(): ModuleReport | undefined;
  catalogue: Catalogue | undefined;
  views: View[];
  problems?: View;
  runButton?: HTMLElement;
  /** The module that the form was made for; another one in its place needs
   *  another form. */
  made?: string;
}

function identity(form: Form): string {
  return `${form.module.module}@${String(form.module.version)}`;
}

function follow(parts: Parts, news: News): void {
  const { form } = parts;
  if (!form.entry) return void queueMicrotask(() => form.editor.panel && "key" in form.editor.panel && form.editor.panel.key === form.key && form.editor.close());
  if (news.kind !== "change") form.forgetModes();
  if (parts.made !== undefined && parts.made !== identity(form) && parts.catalogue) return fill(parts, parts.catalogue);
  parts.title.textContent = labelOf(form.module, parts.catalogue);
  for (const view of parts.views) view.update();
  for (const reload of form.reloads) reload(news.kind === "change");
}

/** Draws the whole form. */
function fill(parts: Parts, catalogue: Catalogue): void {
  const { form, body, title } = parts;
  for (const view of parts.views) view.destroy?.();
  form.reloads.clear();
  form.forgetModes();
  parts.catalogue = catalogue;
  parts.made = identity(form);
  showRun(parts);
  title.textContent = labelOf(form.module, catalogue);
  const entry = described(form.module, catalogue);
  parts.problems = problems(form, body, parts.report);
  const off = offNotice(form);
  const name = nameField(form);
  const views = [parts.problems, off, name, ...sections(form, entry, catalogue, parts.report())];
  parts.views = views;
  body.replaceChildren(...views.map((view) => view.element));
}

function sections(form: Form, entry: CatalogueModule | undefined, catalogue: Catalogue, report: ModuleReport | undefined): View[] {
  const { module } = form;
  if (isPlaceholder(module)) return [still(h("p", { class: "field-help" }, words.placeholder), h("button", { type: "button", class: "primary", onclick: () => form.editor.services.picker?.open({ instead: form.key }, form.editor.services.scene?.element(form.key) ?? document.body) }, words.chooseModule))];
  if (isRouter(module)) return [router(form, catalogue)];
  if (isIfElse(module)) return [ifElse(form, catalogue)];
  if (isMerge(module)) return [merge(form, catalogue)];
  if (!entry || report?.status === "unavailable") return [still(h("div", { class: "notice grey" }, icon("info"), h("div", {}, h("strong", {}, entry ? words.otherVersion : words.unknownTitle), ...(report?.problems ?? []).map((text) => h("p", {}, sentence(text))), h("p", {}, words.unknownHelp)))), unknown(form)];
  const about = entry.description ? [still(h("p", { class: "field-help about" }, entry.description))] : [];
  return [...about, ...formOf(form, entry, catalogue)];
}

/** The form of a module that the catalogue describes. */
function formOf(form: Form, entry: CatalogueModule, catalogue: Catalogue): View[] {
  const views: View[] = [];
  const groups: Group[] = [];
  const add = (part: Part, fields: Field[] | undefined) => {
    if (!fields || fields.length === 0) return;
    const whole = fields.find((field) => field.name === "");
    const named = fields.filter((field) => field.name !== "");
    if (named.length > 0) {
      const made = group({ form, fields: named, base: [part], place: (field) => placeOf(part, field.name), isApart: true });
      groups.push(made);
      views.push(made);
    }
    if (!whole) return;
    if (entry.name === "builtin:BasicAggregator") views.push(target(form, catalogue));
    else if (GATHERERS.has(entry.name)) views.push(gathered(form, placeOf(part, ""), catalogue));
    else views.push(titled(whole, dynamicFields(form, whole, placeOf(part, ""))));
  };
  add("parameters", entry.parameters.filter((field) => !(entry.name === "builtin:BasicAggregator" && field.name === "target")));
  add("mapper", entry.mapper);
  add("flags", entry.flags);
  const fold = advanced(form, groups);
  if (fold) views.push(fold);
  views.push(...unused(form, entry));
  if (["instant-trigger", "polling-trigger"].includes(entry.kind)) views.push(triggerSection(form, entry.kind));
  const count = views.reduce((sum, view) => sum + ((view as Partial<Group>).count ?? 1), 0);
  return count > 0 ? views : [still(h("p", { class: "field-note" }, words.nothingToSet))];
}

/** What an imported module has and no field of the form takes: it is kept in
 *  the file, so it can be read here. */
function unused(form: Form, entry: CatalogueModule): View[] {
  const parts = (["parameters", "mapper"] as const).filter((part) => !entry[part].some((field) => field.name === ""));
  const lists = parts.flatMap((part) => {
    const only = (name: string) => !entry[part].some((field) => field.name === name) && name !== "target";
    return leftOver(form.read([part]), entry[part]).some(only) ? [pairs(form, { path: [part], restore: undefined }, { only, isFixed: true })] : [];
  });
  if (lists.length === 0) return [];
  const element = h("details", { class: "advanced" }, h("summary", {}, words.unused), h("div", { class: "fields" }, h("p", { class: "field-help" }, words.unusedHelp), ...lists.map((list) => list.element)));
  return [{ element, update: () => lists.forEach((list) => list.update()), destroy: () => lists.forEach((list) => list.destroy?.()) }];
}

/** What experts want to set, folded away at the end. */
function advanced(form: Form, groups: Group[]): View | undefined {
  const parts = groups.map((made) => made.expert).filter((part) => part !== undefined);
  if (parts.length === 0) return undefined;
  const isOpen = isCollection(form.module.metadata) && form.module.metadata.advanced === true;
  const element = h("details", { class: "advanced", open: isOpen }, h("summary", {}, words.advanced), h("div", { class: "fields" }, ...parts));
  element.addEventListener("toggle", () => keepFold(form, element.open));
  const update = () => (element.hidden = parts.every((part) => part.hidden));
  update();
  return { element, update };
}

/** Fields that stand directly in the module, under a title of their own. */
function titled(field: Field, inner: View): View {
  const head = h("div", { class: "field-head" }, h("span", { class: "field-label" }, field.label));
  const help = h("p", { class: "field-help" }, field.help ?? "");
  help.hidden = !field.help;
  const element = h("div", { class: "field" }, field.label ? head : undefined, help, inner.element);
  return { element, update: inner.update, destroy: () => inner.destroy?.() };
}

/** Make keeps whether the advanced settings are unfolded in the module. Not a
 *  step of undo by itself: it goes with the next change. */
function keepFold(form: Form, isOpen: boolean): void {
  const { entry, editor } = form;
  const now = isCollection(form.module.metadata) && form.module.metadata.advanced === true;
  if (!entry || now === isOpen) return;
  const { doc } = editor.store;
  const metadata: Collection = isCollection(form.module.metadata) ? form.module.metadata : {};
  const { advanced: _, ...closed } = metadata;
  editor.change(words.advanced, { ...doc, root: put(doc.root, [...entry.path, "metadata"], isOpen ? { ...metadata, advanced: true } : closed) }, { merge: `${form.key}:fold` });
}

function still(...children: Node[]): View {
  return { element: h("div", { class: "still" }, ...children), update: () => undefined };
}

function offNotice(form: Form): View {
  const button = h("button", { type: "button", class: "small", onclick: () => apply(form.editor, toggle(form.editor.store.doc, [form.key])) }, words.isOffSwitch);
  const element = h("div", { class: "notice warn" }, icon("power"), h("span", { class: "grow" }, words.isOff), button);
  const update = () => (element.hidden = form.module.disabled !== true);
  update();
  return { element, update };
}

/** Shown when a person wants to rename the module. */
function nameField(form: Form): View {
  const id = uniqueId("name");
  const input = h("input", { id, autocomplete: "off", maxlength: 120 });
  const element = h("div", { class: "field rename", "data-rename": true }, h("label", { class: "field-label", for: id }, words.renameLabel), input, h("p", { class: "field-help" }, words.renameHelp));
  element.hidden = true;
  const own = () => (isCollection(form.module.metadata) && isCollection(form.module.metadata.designer) && typeof form.module.metadata.designer.name === "string" ? form.module.metadata.designer.name : "");
  input.addEventListener("input", () => apply(form.editor, rename(form.editor.store.doc, form.key, input.value), { merge: `${form.key}:name` }));
  input.addEventListener("keydown", (event) => event.key === "Enter" && (element.hidden = true));
  const update = () => {
    if (document.activeElement !== input) input.value = own();
  };
  update();
  return { element, update };
}

function footer(parts: Parts): HTMLElement[] {
  const { form, body } = parts;
  const { editor } = form;
  const run = h("button", { type: "button", class: "small", onclick: () => editor.open({ kind: "run-module", key: form.key }) }, icon("play"), words.run);
  const more = h("button", { type: "button", class: "small icon-only", "aria-label": words.moreActs, "aria-haspopup": "menu" }, icon("ellipsis"));
  const done = h("button", { type: "button", class: "primary", onclick: () => editor.close() }, words.done);
  const renameNow = () => {
    const field = body.querySelector<HTMLElement>("[data-rename]");
    if (!field) return;
    field.hidden = false;
    field.querySelector("input")?.select();
  };
  const items = (): MenuItem[] => [
    { label: words.rename, icon: "pencil", run: renameNow },
    { label: form.module.disabled === true ? words.switchOn : words.switchOff, icon: "power", run: () => apply(editor, toggle(editor.store.doc, [form.key], parts.catalogue)) },
    { label: words.addNote, icon: "sticky-note", run: () => addNoteTo(form) },
    { label: words.remove1, icon: "trash-2", danger: true, separated: true, run: () => apply(editor, remove(editor.store.doc, [form.key], parts.catalogue)) },
  ];
  more.addEventListener("click", () => editor.menu(more, items(), more));
  parts.runButton = run;
  showRun(parts);
  return [run, more, h("span", { class: "grow" }), done];
}

/** Modules that work on what comes in can be run by themselves. */
const ALONE = new Set<CatalogueModule["kind"]>(["action", "search", "iterator", "polling-trigger", "tool"]);

function showRun({ form, catalogue, report, runButton }: Parts): void {
  const kind = described(form.module, catalogue)?.kind;
  if (runButton) runButton.hidden = form.id === undefined || kind === undefined || !ALONE.has(kind) || report()?.status === "unavailable";
}

function addNoteTo({ editor, key }: Form): void {
  const edit = addNote(editor.store.doc, { module: key });
  if (apply(editor, edit)) editor.open({ kind: "note", index: edit.index });
}
