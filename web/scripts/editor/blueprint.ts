/** Edits of a blueprint: pure functions from a document to another one, with a
 *  sentence for the undo button. Each subject has its file:
 *
 *  - `add`: `add(doc, where, catalogueModule, catalogue)`, `replace`, `hang`
 *  - `remove`: `remove(doc, keys)`, `heal(doc, keys)`
 *  - `connect`: `connect(doc, from, to)` and `dropOnLink(doc, loose, before)`
 *    (a text says why not), `disconnect(doc, key)`, `targetsOf`
 *  - `module`: `move(doc, places)`, `rename`, `toggle`, `setFilter`, `filterOf`,
 *    `takesFilter`, `setValue`
 *  - `routes`: `addRoute`, `orderRoutes`, `setFallback`, `toggleRoute`, `waysOf`
 *  - `notes`: `notesOf`, `addNote`, `setNote`, `removeNote`, `COLOURS`
 *  - `graft`: `pick`, `paste`, `duplicate`
 *
 *  Apply one with `apply(editor, edit)`. */
export { IF_ELSE, MERGE, PLACEHOLDER, ROUTER, allModules, deep, described, fallbackOf, find, isDirective, isElse, isIfElse, isMerge, isPlaceholder, isRouter, labelOf, nextId, ownName, placeOf, takesHandler } from "./blueprint/base";
export { add, chain, moduleAt, replace } from "./blueprint/add";
export { heal, remove } from "./blueprint/remove";
export { begin, connect, connectError, disconnect, dropOnLink, targetsOf } from "./blueprint/connect";
export { filterOf, move, rename, setFilter, setValue, takesFilter, toggle } from "./blueprint/module";
export { type Way, addRoute, orderRoutes, setFallback, titleOf, toIfElse, toggleRoute, wayInto, waysOf } from "./blueprint/routes";
export { COLOURS, type Note, type NoteTarget, addNote, notesOf, removeNote, setNote } from "./blueprint/notes";
export { type Fragment, countOf, duplicate, paste, pick, whole } from "./blueprint/graft";
export { defaultFeeder, kindsOf } from "./blueprint/feeder";
export { referencesIn, referencesOf } from "./blueprint/references";
export { freePlace } from "./blueprint/room";

import type { Editor } from "./editor";
import type { Edit } from "./services";

/** Does an edit; a text is why it cannot be, and is said. */
export function apply(editor: Editor, edit: Edit | string, options: { merge?: string } = {}): boolean {
  if (typeof edit === "string") {
    editor.say(edit, "warn");
    return false;
  }
  const { doc } = editor.store;
  if (edit.doc.root === doc.root && edit.doc.links === doc.links) return false;
  editor.change(edit.label, edit.doc, { ...options, ...(edit.select ? { select: edit.select } : {}) });
  if (edit.select) editor.selection.set(edit.select);
  return true;
}
