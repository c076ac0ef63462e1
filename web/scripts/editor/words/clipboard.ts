/** Words of copying and pasting. */
import { spoken, t } from "./index";

export const words = spoken({
  copied: (count: number) => (count === 1 ? t("Module copied. Paste it here, in another scenario, or in Make.") : t`${count} modules copied. Paste them here, in another scenario, or in Make.`),
  nothingSelected: "Select a module first, then copy it.",
  notCopied: "The browser did not allow to copy. Press Ctrl+C instead.",
  pasted: (count: number) => (count === 1 ? t("Module pasted.") : t`${count} modules pasted.`),
  undo: "Undo",
  empty: "The clipboard is empty. Copy a module first, here or in Make.",
  emptyBlueprint: "This blueprint has no modules.",
  noBlueprint: "This JSON is no blueprint: there are no modules in it. To use it as sample data, open the module that receives it.",
  noJson: "This text is no blueprint. Copy modules here or in Make, or copy a cURL command.",
  brokenJson: "This looks like a blueprint, but it is cut off or damaged.",
  noHttp: "A cURL command becomes an HTTP module, but that module is not available here.",
  curl: "Paste a cURL command",
  curlPasted: "The cURL command became an HTTP module.",
  curlPassword: "The cURL command became an HTTP module. Its password was left out: choose it under Basic auth.",
  curlFile: "The cURL command became an HTTP module. It sends a file: choose where it comes from.",
  noAddress: "This cURL command has no address.",
  pasteHere: "Paste here",
  pasteHelp: "Your browser does not let this page read the clipboard. Paste into the box: Ctrl+V, ⌘V on a Mac, or a long press on a phone.",
  cancel: "Cancel",
} as const);
