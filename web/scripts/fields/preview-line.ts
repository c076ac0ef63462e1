/** The line under a field: the value that it gives with the last data. Its
 *  room is reserved, so that nothing jumps while one types. */
import { h, icon } from "../editor/dom";
import type { Preview } from "../editor/services";
import { words } from "../editor/words/mapping";

const WAIT = 200;

export interface PreviewLine {
  readonly element: HTMLElement;
  /** Asks anew, after a pause in the typing. */
  ask(text: string): void;
  destroy(): void;
}

interface Asked {
  ask: (text: string) => Promise<Preview> | undefined;
  /** Where the text cannot be read; nothing when it can. */
  onError: (at: number | undefined) => void;
  /** Takes the text that is offered instead. */
  onTake: (text: string) => void;
}

export function previewLine({ ask, onError, onTake }: Asked): PreviewLine {
  const element = h("p", { class: "mapping-gives" });
  let timer = 0;
  let asked = 0;
  const show = (text: string, answer: Preview | undefined) => {
    onError(answer?.error?.at);
    render(element, answer);
    const offer = answer?.offer;
    if (offer) element.append(h("button", { type: "button", class: "mapping-offer", title: offer.text, onclick: () => onTake(offer.text) }, icon("sparkles"), offer.label));
    element.title = answer?.text && answer.text.length > 60 ? answer.text : "";
  };
  return {
    element,
    ask(text) {
      clearTimeout(timer);
      asked += 1;
      const mine = asked;
      if (text === "") return show(text, undefined);
      timer = setTimeout(() => {
        const answer = ask(text);
        if (!answer) return show(text, undefined);
        answer.then(
          (preview) => mine === asked && show(text, preview),
          () => {
            if (mine !== asked) return;
            show(text, undefined);
            element.replaceChildren(words.previewFailed);
          },
        );
      }, WAIT);
    },
    destroy: () => clearTimeout(timer),
  };
}

function render(element: HTMLElement, answer: Preview | undefined): void {
  element.className = "mapping-gives";
  if (!answer) return element.replaceChildren();
  if (answer.error) {
    element.classList.add("is-bad");
    return element.replaceChildren(h("span", { class: "grow" }, answer.error.message));
  }
  const value = answer.text === "" ? undefined : h("span", { class: "value" }, answer.text);
  const type = h("span", { class: "type" }, words.types[answer.type] ?? answer.type);
  if (answer.warnings.length > 0) {
    element.classList.add("is-warning");
    return element.replaceChildren(h("span", { class: "grow" }, answer.warnings.join(" ")), ...(value ? [value] : []));
  }
  if (!answer.known) return element.replaceChildren(words.notKnown);
  if (!value) {
    element.classList.add("is-warning");
    return element.replaceChildren(words.givesNothing);
  }
  element.replaceChildren(value, type);
}
