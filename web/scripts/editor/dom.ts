/** Elements without `innerHTML`. */
type Child = Node | string | number | undefined | null | false;
type Attributes = Record<string, string | number | boolean | undefined | ((event: never) => void)>;

/** Makes an element: `h("button", { class: "small", onclick: run }, "Run")`.
 *  Attributes that are false or undefined are left out; functions become
 *  listeners under their name without `on`. */
export function h<K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Attributes = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.replace(/^on/, ""), value as EventListener);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== undefined && child !== null && child !== false).map((child) => (typeof child === "number" ? String(child) : child)));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

export function svg<K extends keyof SVGElementTagNameMap>(tag: K, attributes: Record<string, string | number> = {}, ...children: Node[]): SVGElementTagNameMap[K] {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

let sprite = "";

/** Where the icons are; once, at the start. */
export function useSprite(url: string): void {
  sprite = url;
}

/** An icon of the sprite; decoration only, so that words stand beside it. */
export function icon(name: string): SVGSVGElement {
  const use = svg("use", { href: `${sprite}#${name}` });
  return svg("svg", { class: "icon", "aria-hidden": "true" }, use);
}

/** An app's disc as it stands in lists and heads. */
export function disc(app: { name: string; icon: string; monogram: string } | undefined): HTMLElement {
  const name = app?.name ?? "";
  return h("span", { class: "mini", "data-app": name, "aria-hidden": "true" }, app?.icon ? icon(app.icon) : (app?.monogram ?? "?"));
}

/** The one element that is there for sure. */
export function must<T extends Element = HTMLElement>(selector: string, within: ParentNode = document): T {
  const found = within.querySelector<T>(selector);
  if (!found) throw new Error(`the page has no ${selector}`);
  return found;
}

let counter = 0;

/** An id for `aria-describedby` and the like. */
export function uniqueId(prefix: string): string {
  counter += 1;
  return `${prefix}-${counter}`;
}
