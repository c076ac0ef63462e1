import { drafts } from "./drafts";
import type { Editor } from "./editor";

/** Goes to another page of the scenario once everything is kept. */
export async function leave(editor: Editor, where: string): Promise<void> {
  try {
    await drafts(editor).flush();
    location.href = drafts(editor).path + where;
  } catch (error) {
    editor.say(error instanceof Error ? error.message : String(error), "bad");
  }
}
