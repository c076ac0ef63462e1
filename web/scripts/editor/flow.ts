/** Starts everything that changes or explains the flow of a scenario. */
import { start as clipboard } from "./clipboard";
import { start as commands } from "./commands";
import type { Editor } from "./editor";
import { start as explain } from "./explain";
import { start as find } from "./find";
import { start as menus } from "./menus";
import { start as notes } from "./notes";
import { start as picker } from "./picker";

export function start(editor: Editor): void {
  for (const part of [picker, commands, clipboard, menus, notes, find, explain]) part(editor);
}
