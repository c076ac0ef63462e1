/** Completion while typing between braces, and by Ctrl+Space anywhere. */
import { type Completion, type CompletionContext, type CompletionResult, acceptCompletion, autocompletion, completionStatus, currentCompletions, selectedCompletionIndex, setSelectedCompletion, startCompletion } from "@codemirror/autocomplete";
import type { Extension } from "@codemirror/state";
import { EditorView, type ViewUpdate, keymap } from "@codemirror/view";
import { type Suggestion, suggestions, wordBefore } from "../completion-options";
import { apply, difference, edit } from "../edits";
import { insert } from "../insertion";
import { expressionAt, read } from "../pieces";
import type { World } from "../world";
import { dispatchEdit } from "./typing";

interface Option extends Completion {
  suggestion: Suggestion;
}

export function completion(world: World): Extension {
  return [
    autocompletion({
      override: [(context) => complete(context, world)],
      icons: false,
      selectOnOpen: false,
      activateOnTypingDelay: 60,
      maxRenderedOptions: 80,
      optionClass: (option) => `is-${(option as Option).suggestion.kind}`,
      addToOptions: [{ render: (option) => badge((option as Option).suggestion), position: 20 }],
    }),
    keymap.of([{ key: "Tab", run: acceptCompletion }]),
    EditorView.updateListener.of(marking()),
  ];
}

/** Marks the first of a new list when it begins as the word does: Enter never
 *  takes what was only found somewhere within a name. */
function marking(): (update: ViewUpdate) => void {
  let seen: Completion | undefined;
  return ({ state, view }) => {
    const [first] = completionStatus(state) === "active" ? currentCompletions(state) : [];
    if (first === seen) return;
    seen = first;
    if (first && (first as Option).suggestion.isSure && selectedCompletionIndex(state) === null) view.dispatch({ effects: setSelectedCompletion(0) });
  };
}

/** The list anew, when what comes in has become known while it is open. */
export function completeAnew(view: EditorView): void {
  if (completionStatus(view.state) === "active") startCompletion(view);
}

function complete(context: CompletionContext, world: World): CompletionResult | null {
  const word = wordBefore(context.state.doc.toString(), context.pos, context.explicit);
  if (!word) return null;
  const options = suggestions(world, word.word).map((suggestion): Option => option(suggestion, world));
  return options.length > 0 ? { from: word.from, options, filter: false } : null;
}

function option(suggestion: Suggestion, world: World): Option {
  const made: Option = {
    label: suggestion.label,
    detail: suggestion.detail,
    suggestion,
    apply: (view, _completion, from, to) => accept(view, world, suggestion, from, to),
  };
  if (suggestion.help) made.info = () => help(suggestion);
  return made;
}

/** Puts it in the place of the word; braces that are missing come with it. */
function accept(view: EditorView, world: World, { what }: Suggestion, from: number, to: number): void {
  const text = view.state.doc.toString();
  const isOpened = expressionAt(read(text), to) === undefined && /\{\{[^{}]*$/.test(text.slice(0, from));
  const without = text.slice(0, from) + (isOpened ? "}}" : "") + text.slice(to);
  const put = insert(without, from, from, what);
  dispatchEdit(view, world, edit(difference(text, apply(without, put)), put.from, put.to), "input.complete");
}

function badge(suggestion: Suggestion): Node | null {
  if (suggestion.module === undefined) return null;
  const element = document.createElement("span");
  element.className = "dot";
  element.setAttribute("aria-hidden", "true");
  if (suggestion.color) element.style.setProperty("--app", suggestion.color);
  return element;
}

function help(suggestion: Suggestion): Node {
  const box = document.createElement("div");
  const line = (text: string, className: string) => {
    const row = document.createElement("div");
    row.className = className;
    row.textContent = text;
    box.append(row);
  };
  if (suggestion.kind === "function") line(suggestion.label + suggestion.detail, "signature");
  line(suggestion.help ?? "", "help");
  if (suggestion.example) line(suggestion.example, "example");
  return box;
}
