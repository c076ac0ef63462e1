/** Mapped texts: fields with pills, the panel to map from, and the line that
 *  says what a text gives. */
import { MappingField } from "../fields/mapping-field";
import { MappingPanel } from "../fields/panel";
import { previewLine } from "../fields/preview-line";
import { World } from "../fields/world";
import { h } from "./dom";
import type { Editor } from "./editor";
import type { MappingFieldHandle, MappingFieldOptions } from "./services";

/** What the fields of one module share, while there are any. */
const worlds = new Map<string, { world: World; users: number }>();

export function start(editor: Editor): void {
  const panel = new MappingPanel(editor);
  editor.services.mapping = { field: (options) => field(editor, panel, options), hide: () => panel.hide() };
}

function field(editor: Editor, panel: MappingPanel, options: MappingFieldOptions): MappingFieldHandle {
  const world = enter(editor, options.module);
  const input = new MappingField();
  const line = options.preview === false ? undefined : previewLine({
    ask: (text) => (isWorthAsking(text, options) ? editor.services.knowledge?.preview(options.module, options.name, options.type, text) : undefined),
    onError: (at) => input.setError(at),
    onTake: (text) => {
      input.value = text;
      taken(text);
      input.focus();
    },
  });
  const taken = (value: string) => {
    line?.ask(value);
    options.onInput(value);
  };
  input.setUp({
    label: options.label,
    value: options.value,
    isMultiline: options.multiline ?? false,
    placeholder: options.placeholder ?? "",
    world,
    onInput: taken,
    onUndo: () => editor.store.undo(),
    onRedo: () => editor.store.redo(),
  });
  if (options.describedBy) input.setAttribute("aria-describedby", options.describedBy);
  const element = h("div", { class: "mapping" }, input, line?.element);
  // Only the field in which one types is read out.
  element.addEventListener("focusin", () => line?.element.setAttribute("aria-live", "polite"));
  element.addEventListener("focusout", () => line?.element.removeAttribute("aria-live"));
  const forget = panel.attach(input, world, element);
  const again = () => line?.ask(input.value);
  editor.signals.addEventListener("items", again);
  again();
  return {
    element,
    get value() {
      return input.value;
    },
    set value(value: string) {
      if (value === input.value) return;
      input.value = value;
      line?.ask(value);
    },
    focus: () => input.focus(),
    setInvalid: (message) => input.setInvalid(message),
    destroy: () => {
      editor.signals.removeEventListener("items", again);
      line?.destroy();
      forget();
      input.destroy();
      element.remove();
      leave(options.module);
    },
  };
}

/** A plain text in a field for texts gives just itself. */
function isWorthAsking(text: string, { type }: MappingFieldOptions): boolean {
  return text.includes("{{") || !["any", "text", "url", "password", "select"].includes(type);
}

function enter(editor: Editor, module: string): World {
  const known = worlds.get(module) ?? { world: new World(editor, module), users: 0 };
  known.users += 1;
  worlds.set(module, known);
  return known.world;
}

function leave(module: string): void {
  const known = worlds.get(module);
  if (!known) return;
  known.users -= 1;
  if (known.users > 0) return;
  known.world.destroy();
  worlds.delete(module);
}
