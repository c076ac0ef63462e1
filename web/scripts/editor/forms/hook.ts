/** A webhook as it stands: address, waiting for data, structure, requests. */
import { h, icon } from "../dom";
import { type Editor, Refused } from "../editor";
import { type Json, isCollection } from "../json";
import { words } from "../words/forms";

export interface HookState {
  id: number;
  name: string;
  url: string;
  isLearning: boolean;
  isEnabled: boolean;
  scenario: number | null;
  usedBy: string;
  needsKey: boolean;
  structure: Json[];
  requests: { id: number; ago: string; at: string; method: string; size: string; hasData: boolean; text: string }[];
}

/** How often a waiting webhook is asked when no stream tells. */
const PATIENCE = 4_000;

export function hookView(editor: Editor, id: number, first: HookState | undefined, onName: () => void): { element: HTMLElement; name(): string; destroy(): void } {
  const element = h("div", { class: "hook" });
  const stop = new AbortController();
  const { signal } = stop;
  let state = first;
  let timer = 0;
  let hasArrived = false;

  const take = (next: HookState) => {
    if (signal.aborted) return;
    const news = state && state.isLearning && !next.isLearning && next.structure.length > 0;
    state = next;
    if (news) {
      hasArrived = true;
      editor.say(words.arrived);
      // What comes in can be mapped from now on.
      void editor.services.knowledge?.refresh();
    }
    watch();
    draw();
    onName();
  };
  const ask = () =>
    editor.get<HookState>(`/editor/hooks/${id}`).then(take, (error: unknown) => {
      if (signal.aborted) return;
      const isGone = error instanceof Refused && error.status === 404;
      element.replaceChildren(h("p", { class: "field-note is-warn" }, isGone ? words.hookGone : error instanceof Error ? error.message : words.failed));
    });
  const tell = async (path: string, body: object, done?: string) => {
    try {
      take(await editor.post<HookState>(`/editor/hooks/${id}/${path}`, body));
      if (done) {
        editor.say(done);
        void editor.services.knowledge?.refresh();
      }
    } catch (error) {
      editor.say(error instanceof Error ? error.message : words.failed, "bad");
    }
  };

  /** The live stream tells of every request; this finds what it missed. */
  const watch = () => {
    const isWaiting = state?.isLearning === true && !signal.aborted;
    if (isWaiting) timer ||= window.setInterval(() => document.visibilityState === "visible" && void ask(), PATIENCE);
    else {
      clearInterval(timer);
      timer = 0;
    }
  };
  editor.signals.addEventListener("hook", () => void ask(), { signal });
  addEventListener("focus", () => void ask(), { signal });

  const draw = () => {
    if (!state) return;
    const now = state;
    const isForeign = now.scenario !== null && now.scenario !== editor.boot.scenario.id;
    const open = new Set([...element.querySelectorAll<HTMLDetailsElement>("details[open]")].map((fold) => fold.dataset.part));
    // What is being pasted must not go when a request arrives.
    const written = element.querySelector<HTMLTextAreaElement>('[data-part="paste"] textarea');
    const hadFocus = written !== null && written === document.activeElement;
    const pasting = paste(written?.value ?? "", (text) => sample(text));
    const focused = element.contains(document.activeElement) ? (document.activeElement as HTMLElement).dataset.partAct : undefined;
    element.replaceChildren(
      ...[
        isForeign && h("p", { class: "field-note is-warn" }, words.hookOther(now.usedBy)),
        address(editor, now),
        now.isLearning ? waiting(() => void tell("learn", { on: false })) : undefined,
        !now.isLearning && structure(now, hasArrived, () => ((hasArrived = false), void tell("learn", { on: true }))),
        now.requests.length > 0 && requests(editor, now, (delivery) => void tell("sample", { delivery }, words.requestUsed), open.has("requests")),
        pasting.element,
        h("p", { class: "field-note" }, h("a", { href: `/webhooks/${now.id}#settings`, target: "_blank", rel: "noopener" }, words.hookPage, icon("external-link"))),
      ].filter((part): part is HTMLElement => part instanceof HTMLElement),
    );
    pasting.element.open = open.has("paste");
    if (hadFocus) pasting.area.focus();
    else if (focused) element.querySelector<HTMLElement>(`[data-part-act="${focused}"]`)?.focus();
  };
  const sample = async (text: string): Promise<{ problem: string; line?: number } | undefined> => {
    try {
      take(await editor.post<HookState>(`/editor/hooks/${id}/sample`, { text }));
      hasArrived = true;
      draw();
      editor.say(words.pasted);
      void editor.services.knowledge?.refresh();
      return undefined;
    } catch (error) {
      const line = error instanceof Refused && isCollection(error.body) && typeof error.body.line === "number" ? error.body.line : undefined;
      return { problem: error instanceof Error ? error.message : words.failed, ...(line === undefined ? {} : { line }) };
    }
  };
  if (state) take(state);
  else {
    element.append(h("p", { class: "field-note" }, words.loading));
    void ask();
  }
  return {
    element,
    name: () => state?.name ?? "",
    destroy: () => {
      stop.abort();
      watch();
    },
  };
}

function address(editor: Editor, hook: HookState): HTMLElement {
  const input = h("input", { readonly: true, value: hook.url, "aria-label": words.address, class: "mono", onfocus: () => input.select() });
  const copy = h("button", { type: "button", "data-part-act": "copy", onclick: () => void navigator.clipboard.writeText(hook.url).then(() => editor.say(words.copied), () => editor.say(words.copyFailed, "warn")) }, icon("copy"), words.copy);
  return h("div", { class: "field" }, h("span", { class: "field-label" }, words.address), h("div", { class: "address-line" }, input, copy), h("p", { class: "field-help" }, words.addressHelp, hook.needsKey ? ` ${words.needsKey}` : ""));
}

function waiting(stop: () => void): HTMLElement {
  return h(
    "div",
    { class: "notice listening", role: "status" },
    icon("radio"),
    h("div", { class: "grow" }, h("strong", {}, words.waiting), h("p", {}, words.waitingHelp)),
    h("button", { type: "button", class: "small", "data-part-act": "learn", onclick: stop }, words.stop),
  );
}

function structure(hook: HookState, hasArrived: boolean, learn: () => void): HTMLElement {
  const isKnown = hook.structure.length > 0;
  const button = h("button", { type: "button", class: isKnown ? "small" : "primary", "data-part-act": "learn", onclick: learn }, icon(isKnown ? "refresh-cw" : "radio"), isKnown ? words.redetermine : words.determine);
  return h(
    "div",
    { class: "field" },
    hasArrived && h("p", { class: "notice", role: "status" }, icon("circle-check"), words.arrived),
    h("div", { class: "field-head" }, h("span", { class: "field-label" }, words.structure), h("span", { class: "grow" }), button),
    isKnown ? tree(hook.structure, 0) : h("p", { class: "field-note" }, words.structureNone),
  );
}

/** The fields that come in, opened where there are few. */
function tree(fields: Json[], level: number): HTMLElement {
  const entries = fields.filter(isCollection);
  return h(
    "ul",
    // A long list scrolls by itself, so that what follows stays in reach.
    { class: "hook-tree", ...(level === 0 ? { tabindex: 0, "aria-label": words.structure } : {}) },
    ...entries.map((field) => {
      const name = typeof field.label === "string" && field.label !== "" ? field.label : String(field.name ?? "");
      const inner = Array.isArray(field.spec) ? field.spec.filter(isCollection).filter((part) => part.name !== undefined && part.name !== "") : [];
      const type = h("small", {}, words.fieldType(String(field.type ?? "any")));
      if (inner.length === 0 || level > 12) return h("li", {}, h("span", {}, name), type);
      return h("li", {}, h("details", { open: level === 0 && inner.length <= 12 }, h("summary", {}, h("span", {}, name), type), tree(inner, level + 1)));
    }),
  );
}

function requests(editor: Editor, hook: HookState, use: (delivery: number) => void, isOpen: boolean): HTMLElement {
  const line = (request: HookState["requests"][number]) => {
    const title = h("span", { title: request.at }, request.method === "SAMPLE" ? words.requestPasted : request.method, " · ", request.ago, " · ", request.size);
    const run = editor.services.run && h("button", { type: "button", class: "small", onclick: () => void editor.services.run?.start({ delivery: String(request.id) }) }, icon("play"), words.requestRun);
    const take = h("button", { type: "button", class: "small", "data-part-act": `use-${request.id}`, onclick: () => use(request.id) }, words.requestUse);
    return h("li", {}, title, h("code", { class: "sample" }, request.text), request.hasData && h("div", { class: "row" }, take, run));
  };
  return h("details", { class: "advanced", "data-part": "requests", open: isOpen }, h("summary", {}, words.requests), h("p", { class: "field-help" }, words.requestsHelp), h("ul", { class: "requests" }, ...hook.requests.map(line)));
}

function paste(before: string, use: (text: string) => Promise<{ problem: string; line?: number } | undefined>): { element: HTMLDetailsElement; area: HTMLTextAreaElement } {
  const area = h("textarea", { class: "mono", rows: 8, spellcheck: "false", placeholder: words.pasteExample });
  area.value = before;
  const problem = h("p", { class: "field-problem", role: "alert" });
  problem.hidden = true;
  const button = h("button", { type: "button", "data-part-act": "paste" }, words.pasteUse);
  button.addEventListener("click", async () => {
    button.disabled = true;
    const found = await use(area.value);
    button.disabled = false;
    problem.hidden = !found;
    if (!found) return;
    area.setAttribute("aria-invalid", "true");
    const { line } = found;
    problem.replaceChildren(icon("circle-alert"), h("span", {}, found.problem), ...(line ? [h("button", { type: "button", class: "link", onclick: () => select(area, line) }, words.line(line))] : []));
  });
  return { area, element: h("details", { class: "advanced", "data-part": "paste" }, h("summary", {}, words.paste), h("div", { class: "field" }, h("label", {}, words.pasteLabel, area), problem, button)) };
}

/** Puts the cursor over a line of a text. */
function select(area: HTMLTextAreaElement, line: number): void {
  const lines = area.value.split("\n");
  const start = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
  area.focus();
  area.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0));
}
