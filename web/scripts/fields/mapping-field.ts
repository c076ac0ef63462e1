/** `<mapping-field>`: a field for a mapped text. Its value is the stored text,
 *  exactly. It begins as a plain text area; the one with pills is loaded on
 *  first use and takes over with the same value, and if it never comes the
 *  plain one goes on to work. */
import { apply } from "./edits";
import { type Insertion, insert } from "./insertion";
import type { Rich, RichOptions } from "./rich/rich";
import type { World } from "./world";

export interface FieldSetup {
  label: string;
  value: string;
  isMultiline: boolean;
  placeholder: string;
  world: World;
  onInput: (value: string) => void;
  /** When the field has nothing of its own to undo or redo. */
  onUndo: () => void;
  onRedo: () => void;
}

type Maker = (options: RichOptions) => Rich;

let loaded: Maker | undefined;
let loading: Promise<Maker | undefined> | undefined;

/** Loads the field with pills, once. */
function load(): Promise<Maker | undefined> {
  loading ??= import("./rich/rich").then(
    (part) => (loaded = part.createRich),
    () => {
      // Without it the plain field stays; the next one may be luckier.
      loading = undefined;
      return undefined;
    },
  );
  return loading;
}

/** As many fields as this are made rich within one frame; the others follow
 *  when they come into view. */
const AT_ONCE = 12;
let turns = 0;

function takesTurn(): boolean {
  if (turns === 0) requestAnimationFrame(() => (turns = 0));
  turns += 1;
  return turns <= AT_ONCE;
}

const sheet = new CSSStyleSheet();
sheet.replaceSync(`
  :host { display: block; min-width: 0; }
  .frame { border: 1px solid var(--line-strong); border-radius: 8px; background: var(--surface); color: var(--ink); min-height: 40px; cursor: text; }
  .frame:focus-within { border-color: var(--accent); outline: 2px solid var(--accent); outline-offset: 1px; }
  .frame.is-invalid { border-color: var(--bad); }
  .frame.is-invalid:focus-within { outline-color: var(--bad); }
  textarea { display: block; box-sizing: border-box; width: 100%; min-height: 38px; padding: 8px 10px; border: 0; border-radius: 7px; outline: 0; background: none; color: inherit; font: inherit; line-height: 22px; resize: none; field-sizing: content; }
  .is-multiline textarea { min-height: 104px; }
  #help { display: none; }
`);

export class MappingField extends HTMLElement {
  static formAssociated = true;
  readonly #internals = this.attachInternals();
  readonly #root = this.attachShadow({ mode: "open", delegatesFocus: true });
  readonly #frame = document.createElement("div");
  readonly #area = document.createElement("textarea");
  readonly #help = document.createElement("span");
  #setup: FieldSetup | undefined;
  #rich: Rich | undefined;
  #observer: IntersectionObserver | undefined;
  #problem: string | undefined;

  constructor() {
    super();
    this.#root.adoptedStyleSheets = [sheet];
    this.#frame.className = "frame";
    this.#frame.append(this.#area);
    this.#help.id = "help";
    this.#area.setAttribute("aria-describedby", "help");
    this.#area.addEventListener("input", () => this.#typed(this.#area.value));
    this.#area.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !this.#isMultiline) event.preventDefault();
    });
    this.#root.append(this.#frame, this.#help);
    this.addEventListener("keydown", keepEditingKeys);
    this.addEventListener("focusin", () => this.#describe());
    // The margin of the frame belongs to the field.
    this.#frame.addEventListener("pointerdown", (event) => {
      if (event.target !== this.#frame) return;
      event.preventDefault();
      this.focus();
    });
  }

  /** Gives it all it needs; once, before it is put on the page. */
  setUp(setup: FieldSetup): void {
    this.#setup = setup;
    this.#area.setAttribute("aria-label", setup.label);
    this.#area.placeholder = setup.placeholder;
    this.#area.rows = setup.isMultiline ? 4 : 1;
    this.#area.spellcheck = false;
    this.#frame.classList.toggle("is-multiline", this.#isMultiline);
    this.#area.value = setup.value;
    this.#internals.setFormValue(setup.value);
  }

  connectedCallback(): void {
    if (this.#rich || !this.#setup) return;
    if (loaded && takesTurn()) return this.#enrich(loaded);
    // Long forms have many fields: each becomes rich when it comes into view.
    this.#observer = new IntersectionObserver((seen) => {
      if (seen.some((one) => one.isIntersecting)) void load().then((make) => this.#enrich(make));
    }, { rootMargin: "200px" });
    this.#observer.observe(this);
  }

  disconnectedCallback(): void {
    this.#observer?.disconnect();
    this.#observer = undefined;
  }

  get name(): string {
    return this.getAttribute("name") ?? "";
  }

  get value(): string {
    return this.#rich?.value ?? this.#area.value;
  }

  set value(value: string) {
    if (value === this.value) return;
    this.#internals.setFormValue(value);
    if (this.#rich) this.#rich.value = value;
    else this.#area.value = value;
  }

  override focus(options?: FocusOptions): void {
    if (this.#rich) this.#rich.focus();
    else this.#area.focus(options);
  }

  /** Puts something where the caret is, or in the place of the selection. */
  insert(what: Insertion, takesFocus = true): void {
    if (this.#rich) return this.#rich.insert(what, takesFocus);
    const { value, selectionStart, selectionEnd } = this.#area;
    const edit = insert(value, selectionStart, selectionEnd, what);
    this.#area.value = apply(value, edit);
    if (takesFocus) this.#area.focus();
    this.#area.setSelectionRange(edit.from, edit.to);
    this.#typed(this.#area.value);
  }

  /** Whether the list of completion is open. */
  get isCompleting(): boolean {
    return this.#root.querySelector(".cm-tooltip-autocomplete") !== null;
  }

  /** Marks the field as wrong as a whole. */
  setInvalid(message: string | undefined): void {
    this.#frame.classList.toggle("is-invalid", message !== undefined);
    this.#textbox.setAttribute("aria-invalid", String(message !== undefined));
    this.#problem = message;
    this.#describe();
  }

  /** Marks the place, in characters, from which the text cannot be read. */
  setError(at: number | undefined): void {
    this.#rich?.setError(at);
  }

  /** Forgets everything; for good. */
  destroy(): void {
    this.#observer?.disconnect();
    this.#rich?.destroy();
    this.remove();
  }

  get #isMultiline(): boolean {
    // An imported text with lines keeps them, whatever the field is for.
    return (this.#setup?.isMultiline ?? false) || (this.#setup?.value.includes("\n") ?? false);
  }

  get #textbox(): Element {
    return this.#root.querySelector(".cm-content") ?? this.#area;
  }

  #typed(value: string): void {
    this.#internals.setFormValue(value);
    this.#setup?.onInput(value);
  }

  /** Texts outside cannot be pointed at from within: their words are copied. */
  #describe(): void {
    const ids = this.getAttribute("aria-describedby")?.split(/\s+/).filter(Boolean) ?? [];
    const texts = ids.map((id) => document.getElementById(id)?.textContent?.trim());
    this.#help.textContent = [this.#problem, ...texts].filter(Boolean).join(" ");
  }

  #enrich(make: Maker | undefined): void {
    this.#observer?.disconnect();
    const setup = this.#setup;
    if (!make || !setup || this.#rich || !this.isConnected) return;
    const hadFocus = this.#root.activeElement === this.#area;
    const options: RichOptions = {
      parent: this.#frame,
      root: this.#root,
      label: setup.label,
      placeholder: setup.placeholder,
      isMultiline: this.#isMultiline,
      world: setup.world,
      value: this.#area.value,
      selection: [this.#area.selectionStart, this.#area.selectionEnd],
      onInput: (value) => this.#typed(value),
      onUndo: setup.onUndo,
      onRedo: setup.onRedo,
    };
    this.#area.remove();
    this.#rich = make(options);
    this.#textbox.setAttribute("aria-invalid", String(this.#frame.classList.contains("is-invalid")));
    if (hadFocus) this.#rich.focus();
  }
}

/** The editor around has keys of its own; those that edit text stay here. */
function keepEditingKeys(event: KeyboardEvent): void {
  const isEditing = event.ctrlKey || event.metaKey ? /^(a|c|v|x|y|z|d| |Backspace|Delete|Home|End|Arrow.*)$/i.test(event.key) : !/^(Escape|Tab|F\d+)$/.test(event.key);
  if (isEditing) event.stopPropagation();
}

customElements.define("mapping-field", MappingField);
