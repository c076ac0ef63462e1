/** Blueprints that are dropped on the canvas: a new scenario, or modules of this
 *  one, as the person says. */
import { hasFiles, sendToImport, watchDrops } from "../parts/import-drop";
import { pasteText } from "./clipboard";
import { openDialog } from "./dialog";
import { h, icon, must } from "./dom";
import type { Editor } from "./editor";
import { later } from "./later";
import { words } from "./words/rehearsal";

/** Files beyond this are not read here; the import reads them. */
const LARGEST = 20 * 1024 * 1024;

export function start(editor: Editor): void {
  const over = h("div", { class: "drop-over", hidden: true, "aria-hidden": "true" }, h("div", {}, icon("file-up"), h("b", {}, words.dropHere)));
  must("#main").append(over);
  // Texts that are dragged within the page, such as pills, are not meant.
  let isOwn = false;
  addEventListener("dragstart", () => {
    isOwn = true;
  });
  addEventListener("dragend", () => {
    isOwn = false;
  });
  const isOnStage = (event: DragEvent) => event.target instanceof Element && event.target.closest("#side, #mapping, dialog, input, textarea, .cm-editor") === null;
  const takes = (event: DragEvent) => !isOwn && (hasFiles(event) || (isOnStage(event) && (event.dataTransfer?.types.includes("text/plain") ?? false)));
  watchDrops(over, (event) => void dropped(editor, event), takes);
}

async function dropped(editor: Editor, event: DragEvent): Promise<void> {
  const at = { x: event.clientX, y: event.clientY };
  const files = [...(event.dataTransfer?.files ?? [])];
  const plain = event.dataTransfer?.getData("text/plain") ?? "";
  if (files.length > 1) return ask(editor, files);
  const [file] = files;
  const text = file ? await textOf(file) : plain;
  await later(editor, "pasted", ({ readPasted }) => {
    const pasted = readPasted(text);
    if ("problem" in pasted) {
      // The import says line and column of what it cannot read.
      if (file && /json/i.test(file.name + file.type)) return sendToImport([file]);
      return editor.say(words.dropNothing, "warn");
    }
    ask(editor, [file ?? new File([text], "dropped.json", { type: "application/json" })], { text, at });
  });
}

async function textOf(file: File): Promise<string> {
  return file.size > LARGEST ? "" : file.text();
}

/** What shall become of it? */
function ask(editor: Editor, files: readonly File[], paste?: { text: string; at: { x: number; y: number } }): void {
  const dialog = openDialog(words.dropTitle);
  const [first] = files;
  const asNew = async () => {
    dialog.close();
    // The page is left: what is not kept yet goes first.
    await editor.services.drafts?.flush().catch(() => undefined);
    sendToImport(files);
  };
  const asPart = () => {
    dialog.close();
    if (!paste) return;
    const at = editor.services.scene?.fromWindow(paste.at);
    const place = at && editor.services.scene?.toMake(at);
    pasteText(editor, paste.text, place ? { at: place } : {});
  };
  dialog.body.append(
    h("p", {}, files.length > 1 ? words.dropMany(files.length) : words.dropText(first?.name ?? "")),
    h(
      "ul",
      { class: "picks" },
      paste && h("li", {}, pick("clipboard-paste", words.dropPaste, words.dropPasteHelp, asPart)),
      h("li", {}, pick("plus", files.length > 1 ? words.dropAsMany(files.length) : words.dropAsNew, words.dropNewHelp, () => void asNew())),
    ),
  );
  dialog.foot.append(h("button", { type: "button", onclick: () => dialog.close() }, words.dropCancel));
}

function pick(symbol: string, title: string, help: string, run: () => void): HTMLElement {
  return h("button", { type: "button", class: "pick", onclick: run }, h("span", { class: "status" }, icon(symbol)), h("span", { class: "grow" }, h("strong", {}, title), h("small", {}, help)));
}
