/** Explains the flow: dots travel along the lines in the order in which bundles
 *  do, and the panel says the same in sentences. */
import { chain, described, fallbackOf, filterOf, isDirective, isIfElse, isPlaceholder, isRouter, labelOf, waysOf } from "./blueprint";
import { named } from "./commands";
import { h, icon, svg } from "./dom";
import type { Editor } from "./editor";
import { at } from "./json";
import { panelFrame } from "./shell";
import { type Entry, list } from "./tree";
import { words } from "./words/menus";

/** Fills the panel; answers with what to do when it is closed. */
export function show(editor: Editor, box: HTMLElement): () => void {
  const { body, foot } = panelFrame(box, editor, { title: words.explain, icon: "send" });
  const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let stop: () => void = () => undefined;
  const draw = (): void => body.replaceChildren(sentences(editor));
  const again = (): void => {
    stop();
    stop = travel(editor);
  };
  draw();
  if (isStill) foot.append(h("span", { class: "quiet" }, words.still));
  else {
    foot.append(h("button", { type: "button", class: "small", onclick: again }, icon("play"), words.again), h("button", { type: "button", class: "small", onclick: () => stop() }, words.stop));
    again();
  }
  const forget = editor.store.subscribe(draw);
  void editor.catalogue().then(draw, () => undefined);
  return () => {
    forget();
    stop();
  };
}

/** What the scenario does, as a list in the order in which it happens. */
export function sentences(editor: Editor): HTMLElement {
  const all = editor.store.entries;
  const first = all.filter((entry) => entry.flow.length === 1 && entry.flow[0] === "flow");
  if (first.length === 0) return h("p", { class: "quiet" }, words.explainEmpty);
  const loose = list(at(editor.store.doc.root, ["metadata", "designer", "orphans"])).length;
  return h("div", { class: "stack" }, steps(editor, all, first), loose > 0 && h("p", { class: "quiet" }, words.looseParts(loose)));
}

function steps(editor: Editor, all: readonly Entry[], flow: readonly Entry[]): HTMLElement {
  return h("ol", { class: "explained" }, ...flow.map((entry) => step(editor, all, entry)));
}

function step(editor: Editor, all: readonly Entry[], entry: Entry): HTMLElement {
  const { module } = entry;
  const catalogue = named();
  const found = described(module, catalogue);
  const isWayHead = entry.position === 0 && (entry.flow.includes("routes") || entry.flow.includes("branches")) && entry.flow.at(-1) === "flow";
  const filter = isWayHead ? undefined : filterOf(editor.store.doc.root, entry);
  const condition = !filter || filter.conditions.length === 0 ? "" : filter.name ? words.ifFilter(filter.name) : words.ifUnnamed;
  const name = h("button", { type: "button", onclick: () => reveal(editor, entry) }, labelOf(module, catalogue));
  // Routes say themselves what a router does.
  const says = isRouter(module) || isIfElse(module) ? "." : found ? `: ${found.description}` : ".";
  const texts = [says, loopOf(all, entry), module.disabled === true ? words.isOff : ""];
  return h("li", {}, condition, name, ...texts, ...ways(editor, all, entry), ...handler(editor, all, entry));
}

function reveal(editor: Editor, entry: Entry): void {
  editor.selection.set([entry.key]);
  editor.services.scene?.reveal(entry.key);
}

function loopOf(all: readonly Entry[], entry: Entry): string {
  const feeder = at(entry.module, ["parameters", "feeder"]);
  const from = feeder === undefined || feeder === null ? undefined : chain(all, entry).find((module) => String(module.id) === String(feeder));
  return from ? words.loop(`${labelOf(from, named())} (${String(feeder)})`) : "";
}

/** Routes as a list of their own, each beginning with its condition. */
function ways(editor: Editor, all: readonly Entry[], entry: Entry): HTMLElement[] {
  const { module } = entry;
  if (!isRouter(module) && !isIfElse(module)) return [];
  const isBranching = isIfElse(module);
  const part = isBranching ? "branches" : "routes";
  const fallback = fallbackOf(module);
  const found = waysOf(module);
  // The fallback is asked last, wherever it stands.
  const sorted = [...found.filter((way) => way.index !== fallback), ...found.filter((way) => way.index === fallback)];
  const items = sorted.map((way) => {
    const flow = all.filter((other) => other.flow.length === entry.path.length + 3 && other.flow[entry.path.length] === part && other.flow[entry.path.length + 1] === way.index && entry.path.every((stepOf, index) => other.flow[index] === stepOf));
    const lead = way.isFallback ? (isBranching ? words.routeElse : words.routeFallback) : way.isConditional ? (way.label ? words.ifFilter(way.label) : words.ifUnnamed) : words.routeAlways;
    const real = flow.filter((other) => !isPlaceholder(other.module));
    return h("li", {}, way.isOff ? words.routeOffSentence : "", lead, real.length === 0 ? words.nothingThere : steps(editor, all, real));
  });
  return [h("p", {}, isBranching ? words.oneBranch : words.everyRoute), h("ol", { class: "explained-ways" }, ...items)];
}

function handler(editor: Editor, all: readonly Entry[], entry: Entry): HTMLElement[] {
  const route = all.filter((other) => other.flow.length === entry.path.length + 1 && other.flow.at(-1) === "onerror" && entry.path.every((stepOf, index) => other.flow[index] === stepOf));
  if (route.length === 0) return [];
  const only = route.length === 1 && isDirective((route[0] as Entry).module) ? (route[0] as Entry) : undefined;
  if (only) return [h("p", { class: "quiet" }, words.onError, `${labelOf(only.module, named())}. `, described(only.module, named())?.description ?? "")];
  return [h("p", { class: "quiet" }, words.onError), steps(editor, all, route)];
}

const WHOLE = 24_000;
const SLOWEST = 700;
const FASTEST = 140;

/** Lets a dot travel along every line that bundles take, one after the other.
 *  Answers with how to stop it. */
function travel(editor: Editor): () => void {
  const world = document.querySelector("#world");
  const lines = order(editor.store.entries).map((entry) => document.querySelector<SVGPathElement>(`#links [data-key="${CSS.escape(entry.key)}"] path`)).filter((path) => path !== null);
  if (!world || lines.length === 0) return () => undefined;
  const layer = svg("g", { class: "explain-layer", "aria-hidden": "true" });
  const dots = [0, 1, 2].map(() => svg("circle", { r: 7, cx: 0, cy: 0 }));
  layer.append(...dots);
  world.append(layer);
  const each = Math.max(FASTEST, Math.min(SLOWEST, WHOLE / lines.length));
  const began = performance.now();
  let frame = 0;
  const move = (now: number): void => {
    const passed = (now - began) / each;
    const line = lines[Math.floor(passed)];
    // A line that is drawn anew meanwhile is passed over.
    if (line && !line.isConnected) {
      frame = requestAnimationFrame(move);
      return;
    }
    if (!line) return layer.remove();
    const length = line.getTotalLength();
    dots.forEach((dot, index) => {
      const point = line.getPointAtLength(Math.max(0, Math.min(length, length * (passed % 1) * 1.15 - index * 16)));
      dot.setAttribute("cx", String(point.x));
      dot.setAttribute("cy", String(point.y));
    });
    frame = requestAnimationFrame(move);
  };
  frame = requestAnimationFrame(move);
  return () => {
    cancelAnimationFrame(frame);
    layer.remove();
  };
}

/** The lines that bundles take without an error, each route to its end before
 *  the next one, and a fallback last. */
export function order(all: readonly Entry[]): Entry[] {
  const taken = all.filter((entry) => entry.parent !== undefined && !entry.isOrphan && !entry.isOff && entry.kind === "flow" && !entry.path.includes("onerror") && !entry.path.includes("tools"));
  const fallbacks = new Set(all.map((entry) => [entry, fallbackOf(entry.module)] as const).filter(([, index]) => index !== undefined).map(([entry, index]) => [...entry.path, "routes", index].join("/")));
  const turn = (entry: Entry, depth: number): number => {
    const step = entry.path[depth];
    if (typeof step !== "number") return -1;
    return fallbacks.has(entry.path.slice(0, depth + 1).join("/")) ? Number.POSITIVE_INFINITY : step;
  };
  return taken.sort((a, b) => {
    for (let depth = 0; depth < Math.max(a.path.length, b.path.length); depth += 1) {
      const [first, second] = [turn(a, depth), turn(b, depth)];
      if (first !== second) return first - second;
    }
    return 0;
  });
}
