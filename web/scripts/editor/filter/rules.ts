/** The rows of a filter: two values and what stands between them. */
import { h, icon, uniqueId } from "../dom";
import type { Editor } from "../editor";
import { mappingField } from "../plain-field";
import type { Comparison, MappingFieldHandle } from "../services";
import { operatorGroups } from "./operators";
import { words } from "../words/filter";
import { FRESH, type Groups, type Rule, changed, isBlank, isUnary, places, removed, text, withOperator, withSuggested } from "./model";
import { type FilterTest, type Opinion, type Suggested, opinion } from "./tested";

export interface RulesOptions {
  editor: Editor;
  /** The module at whose place the values are mapped. */
  module: string;
  /** Takes the rows after a change; with a mark for changes of one text. */
  write: (groups: Groups, mark?: string) => void;
}

interface Drawn {
  left: MappingFieldHandle;
  right: MappingFieldHandle | undefined;
  said: HTMLElement;
  chips: HTMLElement;
}

export class Rules {
  readonly element = h("div", { class: "filter-rules" });
  #groups: Groups = [];
  #drawn: Drawn[][] = [];
  #comparisons: Comparison[] = [];
  #test: FilterTest | undefined;
  /** Right values of rows that have none just now. */
  #kept = new Map<string, Rule["b"]>();

  constructor(readonly options: RulesOptions) {}

  /** Shows rows; where only texts differ, the fields stay as they are. */
  show(groups: Groups): void {
    const isSame = shape(groups) === shape(this.#groups) && this.#drawn.length > 0;
    this.#groups = groups;
    if (!isSame) return this.#draw();
    groups.forEach((rules, group) =>
      rules.forEach((rule, at) => {
        const drawn = this.#drawn[group]?.[at];
        if (!drawn) return;
        setText(drawn.left, text(rule.a));
        if (drawn.right) setText(drawn.right, text(rule.b));
      }),
    );
    this.#say();
  }

  know(comparisons: Comparison[]): void {
    this.#comparisons = comparisons;
    this.#draw();
  }

  /** What the server said of the rows. */
  tested(test: FilterTest | undefined): void {
    this.#test = test;
    this.#say();
  }

  destroy(): void {
    for (const drawn of this.#drawn.flat()) {
      drawn.left.destroy();
      drawn.right?.destroy();
    }
    this.#drawn = [];
  }

  #write(groups: Groups, mark?: string): void {
    this.#groups = groups;
    this.options.write(groups, mark);
  }

  #draw(): void {
    this.destroy();
    this.#drawn = this.#groups.map(() => []);
    const parts = this.#groups.flatMap((rules, group) => [group > 0 && h("p", { class: "joined is-or" }, words.or), this.#group(rules, group)]);
    const first = this.#groups.length === 0;
    const add = h("button", { type: "button", class: "small add-or", onclick: () => this.#add([...this.#groups, [{ ...FRESH }]], this.#groups.length, 0) }, icon("plus"), first ? words.addFirst : words.addOr);
    this.element.replaceChildren(...parts.filter((part) => part !== false), add);
    this.#say();
  }

  #group(rules: Rule[], group: number): HTMLElement {
    const add = h("button", { type: "button", class: "small add-and", onclick: () => this.#add(this.#groups.map((other, at) => (at === group ? [...other, { ...FRESH }] : other)), group, rules.length) }, icon("plus"), words.addAnd);
    return h("div", { class: "filter-group" }, ...rules.map((rule, at) => this.#rule(rule, group, at)), add);
  }

  #rule(rule: Rule, group: number, at: number): HTMLElement {
    const saidId = uniqueId("rule");
    const left = this.#field(group, at, "a", words.left, words.leftHint, text(rule.a), saidId);
    const right = this.#hasRight(rule) ? this.#field(group, at, "b", words.right, words.rightHint, text(rule.b), saidId) : undefined;
    const said = h("p", { class: "rule-said", id: saidId });
    const chips = h("div", { class: "rule-chips" });
    const drawn: Drawn = { left, right, said, chips };
    (this.#drawn[group] ??= [])[at] = drawn;
    const remove = h("button", { type: "button", class: "ghost remove", "aria-label": words.remove, title: words.remove, onclick: () => this.#remove(group, at) }, icon("trash-2"));
    const head = h("div", { class: "rule-head" }, this.#operator(rule, group, at, saidId), remove);
    return h(
      "div",
      { class: "filter-rule", role: "group", "aria-label": words.rule(group + 1, at + 1) },
      at > 0 && h("p", { class: "joined" }, words.and),
      left.element,
      head,
      right?.element,
      said,
      chips,
    );
  }

  #hasRight(rule: Rule): boolean {
    const operator = text(rule.o);
    if (isUnary(operator, this.#comparisons)) return false;
    // What is not known may look at one value only; then there is no other.
    const isKnown = this.#comparisons.length === 0 || this.#comparisons.some((comparison) => comparison.name === operator);
    return isKnown || rule.b !== undefined;
  }

  #field(group: number, at: number, side: "a" | "b", label: string, placeholder: string, value: string, describedBy: string): MappingFieldHandle {
    const { editor, module } = this.options;
    return mappingField(editor, {
      label: `${words.rule(group + 1, at + 1)}: ${label}`,
      value,
      module,
      name: `filter.${group}.${at}.${side}`,
      type: "any",
      placeholder,
      describedBy,
      // What the other side gives is said below, beside the comparison.
      preview: side === "a" && !isUnary(text(this.#groups[group]?.[at]?.o), this.#comparisons),
      onInput: (typed) => this.#write(changed(this.#groups, group, at, (rule) => ({ ...rule, [side]: typed })), `${group}.${at}.${side}`),
    });
  }

  #operator(rule: Rule, group: number, at: number, describedBy: string): HTMLElement {
    const now = text(rule.o) || String(FRESH.o);
    const options = operatorGroups(this.#comparisons);
    const isKnown = this.#comparisons.some((comparison) => comparison.name === now);
    const other = isKnown ? undefined : h("option", { value: now }, this.#comparisons.length === 0 ? "…" : words.unknownOperator(now));
    const select = h("select", { "aria-label": words.operator, "aria-describedby": describedBy }, other, ...options);
    select.value = now;
    select.addEventListener("change", () => this.#choose(group, at, select.value, true));
    const reading = now.includes(":") ? words.reading[now.split(":")[0] ?? ""] : undefined;
    return h("div", { class: "rule-operator" }, select, reading && h("span", { class: "rule-reading" }, reading));
  }

  /** Another operator; the focus stays on the list. */
  #choose(group: number, at: number, operator: string, isByList: boolean): void {
    const place = `${group}.${at}`;
    const before = this.#groups[group]?.[at];
    if (!before) return;
    if (before.b !== undefined) this.#kept.set(place, before.b);
    this.#write(changed(this.#groups, group, at, (rule) => withOperator(rule, operator, this.#comparisons, this.#kept.get(place))));
    this.#draw();
    if (isByList) this.#rowElement(group, at)?.querySelector("select")?.focus();
    else this.#drawn[group]?.[at]?.left.focus();
  }

  #add(groups: Groups, group: number, at: number): void {
    this.#write(groups);
    this.#draw();
    this.#drawn[group]?.[at]?.left.focus();
  }

  #remove(group: number, at: number): void {
    this.#kept.clear();
    this.#write(removed(this.#groups, group, at));
    this.#draw();
    const next = this.#rowElement(Math.min(group, this.#groups.length - 1), Math.max(0, at - 1));
    (next?.querySelector<HTMLElement>("select") ?? this.element.querySelector<HTMLElement>("button"))?.focus();
  }

  #rowElement(group: number, at: number): HTMLElement | undefined {
    return this.element.querySelectorAll<HTMLElement>(".filter-group")[group]?.querySelectorAll<HTMLElement>(".filter-rule")[at];
  }

  /** Writes under each row what is wrong with it, or what it came to. */
  #say(): void {
    const stored = places(this.#groups);
    this.#groups.forEach((rules, group) =>
      rules.forEach((rule, at) => {
        const drawn = this.#drawn[group]?.[at];
        if (!drawn) return;
        const place = stored[group]?.[at];
        const said = this.#own(rule) ?? (place && this.#test ? opinion(this.#test, place) : undefined);
        const reading = this.#rowElement(group, at)?.querySelector<HTMLElement>(".rule-reading");
        if (reading) reading.hidden = isBlank(rule);
        drawn.said.className = `rule-said ${said ? `is-${said.kind}` : ""}`;
        drawn.said.replaceChildren(...(said ? [icon(ICONS[said.kind]), h("span", {}, said.text)] : []));
        drawn.left.setInvalid(said?.kind === "bad" && said.side !== "right" ? said.text : undefined);
        drawn.right?.setInvalid(said?.kind === "bad" && said.side === "right" ? said.text : undefined);
        drawn.chips.replaceChildren(...this.#chips(group, at, place));
      }),
    );
  }

  /** What needs no server. */
  #own(rule: Rule): Opinion | undefined {
    if (isBlank(rule)) return { kind: "blank", text: words.blank };
    const operator = text(rule.o);
    if (this.#comparisons.length > 0 && operator !== "" && !this.#comparisons.some((comparison) => comparison.name === operator)) return { kind: "bad", text: words.unknownHelp(operator) };
    return text(rule.a).trim() === "" ? { kind: "bad", text: words.nothingLeft } : undefined;
  }

  #chips(group: number, at: number, place: { group: number; condition: number } | undefined): HTMLElement[] {
    const fitting = this.#test?.suggest.filter((one) => place && one.group === place.group && one.condition === place.condition && (one.left !== null || one.operator !== text(this.#groups[group]?.[at]?.o))) ?? [];
    return fitting.map((one) => {
      const label = this.#comparisons.find((comparison) => comparison.name === one.operator)?.label ?? one.operator;
      const offer = words.offer(label, one.right ?? undefined, one.left ?? undefined);
      return h("button", { type: "button", class: "rule-chip", onclick: () => this.#take(group, at, one) }, icon(one.trap ? "triangle-alert" : "sparkles"), h("span", { class: "grow" }, one.why, " ", h("strong", {}, offer)));
    });
  }

  /** What was suggested, in one step that can be undone. */
  #take(group: number, at: number, suggested: Suggested): void {
    this.#kept.delete(`${group}.${at}`);
    this.#write(changed(this.#groups, group, at, (rule) => withSuggested(rule, suggested, this.#comparisons)));
    this.#draw();
    this.#drawn[group]?.[at]?.left.focus();
  }
}

const ICONS = { ok: "circle-check", held: "circle-x", bad: "circle-alert", trap: "triangle-alert", blank: "pencil" } as const;

/** Whatever decides which controls there are. */
function shape(groups: Groups): string {
  return JSON.stringify(groups.map((rules) => rules.map((rule) => [rule.o ?? "", rule.b === undefined])));
}

function setText(handle: MappingFieldHandle, value: string): void {
  if (handle.value !== value) handle.value = value;
}
