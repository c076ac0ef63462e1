import { h, icon, uniqueId } from "./dom";
import { words } from "./words/shell";

export interface Dialog {
  element: HTMLDialogElement;
  body: HTMLElement;
  foot: HTMLElement;
  close(): void;
}

/** A question or form that the rest of the page waits for. Esc and the cross
 *  close it; the browser gives the focus back to where it was. */
export function openDialog(title: string, onClose?: () => void): Dialog {
  const id = uniqueId("dialog");
  const body = h("div", { class: "dialog-body" });
  const foot = h("div", { class: "dialog-foot" });
  const element = h(
    "dialog",
    { "aria-labelledby": id },
    h(
      "div",
      { class: "dialog-head" },
      // It has the focus first, so that nothing is pressed unread.
      h("h2", { id, tabindex: "-1", autofocus: true }, title),
      h("button", { class: "tool", type: "button", "aria-label": words.close, onclick: () => element.close() }, icon("x")),
    ),
    body,
    foot,
  );
  element.addEventListener("close", () => {
    element.remove();
    onClose?.();
  });
  // The keys of the canvas are not meant for what stands in front of it.
  element.addEventListener("keydown", (event) => event.stopPropagation());
  document.body.append(element);
  element.showModal();
  return { element, body, foot, close: () => element.close() };
}
