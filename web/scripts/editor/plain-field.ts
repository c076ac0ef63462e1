/** Where mapped texts are written: the field with pills, or a plain one. */
import { h } from "./dom";
import type { Editor } from "./editor";
import type { MappingFieldHandle, MappingFieldOptions } from "./services";

/** A field for a mapped text; a plain one while the real one is not there. */
export function mappingField(editor: Editor, options: MappingFieldOptions): MappingFieldHandle {
  const service = editor.services.mapping;
  if (service) return service.field(options);
  const input = options.multiline
    ? h("textarea", { "aria-label": options.label, placeholder: options.placeholder, "aria-describedby": options.describedBy, rows: 4 })
    : h("input", { "aria-label": options.label, placeholder: options.placeholder, "aria-describedby": options.describedBy, type: "text", autocomplete: "off" });
  input.value = options.value;
  input.addEventListener("input", () => options.onInput(input.value));
  return {
    element: input,
    get value() {
      return input.value;
    },
    set value(text: string) {
      input.value = text;
    },
    focus: () => input.focus(),
    setInvalid: (message) => (message === undefined ? input.removeAttribute("aria-invalid") : input.setAttribute("aria-invalid", "true")),
    destroy: () => input.remove(),
  };
}
