/** What can be pressed on the canvas. */
/** What lies under a point. */
export type Target =
  | { kind: "module" | "ear" | "bubble" | "filter" | "link"; key: string; element: SVGElement }
  | { kind: "note"; key: string; element: SVGElement }
  | { kind: "first"; key: ""; element: SVGElement }
  | { kind: "canvas"; key: ""; element: Element };

export function targetOf(element: Element | null): Target {
  const up = (selector: string) => element?.closest<SVGElement>(selector) ?? undefined;
  const node = up(".node");
  if (node) {
    const kind = up(".bubble") ? "bubble" : up(".plus, .ear.out") ? "ear" : "module";
    return { kind, key: node.dataset.key ?? "", element: node };
  }
  const line = up(".filter") ?? up(".wire");
  if (line) return { kind: line.classList.contains("filter") ? "filter" : "link", key: line.dataset.key ?? "", element: line };
  const note = up("[data-note]");
  if (note) return { kind: "note", key: note.dataset.note ?? "", element: note };
  const first = up(".first");
  return first ? { kind: "first", key: "", element: first } : { kind: "canvas", key: "", element: element ?? document.body };
}
