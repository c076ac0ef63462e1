/** The panel of a module: its forms, and the fields for mapping in them, come
 *  when they are used first. */
import type { Editor } from "./editor";
import { begin, fillLater, later } from "./later";

export function start(editor: Editor): void {
  fillLater(editor, "module", async (again) => ((await begin(editor, ["mapping"], again)) ? later(editor, "forms", ({ openModule }) => openModule) : undefined));
}
