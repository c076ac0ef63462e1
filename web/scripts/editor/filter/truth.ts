/** The table below the rows: the bundles of the last run, which of them pass,
 *  and what each condition said. */
import { h, icon } from "../dom";
import { act } from "../shell";
import { words } from "../words/filter";
import type { BundleTest, ConditionTest, FilterTest } from "./tested";

export class Truth {
  readonly #summary = h("p", { class: "truth-sum", "aria-live": "polite" });
  readonly #list = h("ol", { class: "truth" });
  readonly #foot = h("div", { class: "truth-foot" });
  readonly element = h("section", { class: "filter-truth", "aria-label": words.tried }, h("h3", {}, words.tried), this.#summary, this.#list, this.#foot);
  /** Bundles that a person has opened or closed. */
  readonly #open = new Map<number, boolean>();

  show(test: FilterTest, isConfidential: boolean, isBlank = false): void {
    const passing = test.bundles.filter((bundle) => bundle.passed).length;
    const run = h("button", { type: "button", class: "small", onclick: () => act("run") }, icon("play"), words.runOnce);
    if (isConfidential) return this.#nothing(words.confidential);
    if (!test.known) return this.#nothing(words.notKnown, run);
    if (test.bundles.length === 0) return this.#nothing(words.nothingCame, run);
    // Without a condition there is nothing that a bundle could be said to pass.
    if (isBlank) return this.#nothing(words.blankAll);
    this.#say(words.passes(passing, test.bundles.length));
    this.#list.replaceChildren(...test.bundles.map((bundle, at) => this.#bundle(bundle, at, test.bundles.length)));
    this.#foot.replaceChildren(...(test.more > 0 ? [h("p", {}, words.moreCame(test.more))] : []));
  }

  failed(): void {
    this.#nothing(words.failed);
  }

  /** The live region speaks only when there is something new. */
  #say(text: string): void {
    if (this.#summary.textContent !== text) this.#summary.textContent = text;
  }

  #nothing(text: string, ...more: Node[]): void {
    this.#say(text);
    this.#list.replaceChildren();
    this.#foot.replaceChildren(...more);
  }

  #bundle(bundle: BundleTest, at: number, count: number): HTMLElement {
    const verdict = h("span", { class: `verdict ${bundle.passed ? "is-ok" : "is-held"}` }, icon(bundle.passed ? "circle-check" : "circle-x"), bundle.passed ? words.passed : words.held);
    const label = h("span", { class: "truth-label" }, bundle.label);
    if (bundle.groups.length === 0) return h("li", {}, h("div", { class: "truth-row" }, verdict, label));
    const details = h("details", {}, h("summary", { class: "truth-row" }, verdict, label), h("ul", { class: "truth-lines" }, ...bundle.groups.flatMap((group, number) => group.map((test, index) => this.#line(test, number, index)))));
    details.open = this.#open.get(at) ?? count === 1;
    details.addEventListener("toggle", () => this.#open.set(at, details.open));
    return h("li", {}, details);
  }

  #line(test: ConditionTest, group: number, index: number): HTMLElement {
    const joint = index > 0 ? words.and : group > 0 ? words.or : "";
    const mark = h("span", { class: test.passed ? "is-ok" : "is-held", role: "img", "aria-label": test.passed ? words.holds : words.fails }, icon(test.passed ? "check" : "x"));
    return h("li", { class: index === 0 && group > 0 ? "is-next" : undefined }, mark, joint && h("span", { class: "joined" }, joint), h("span", { class: "grow" }, test.note));
  }
}
