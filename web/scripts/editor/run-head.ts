/** The head of a panel about one module. */
import { described, ownName } from "./blueprint";
import type { Editor } from "./editor";
import { appOf } from "./lines";
import type { Entry } from "./tree";

export interface Head {
  title: string;
  detail: string;
  number: string;
  app: string;
  icon: string;
}

export function headOf(editor: Editor, entry: Entry, detail: string): Head {
  const app = editor.boot.apps[appOf(entry)];
  const label = described(entry.module, undefined)?.label ?? String(entry.module.module ?? "").split(":")[1] ?? "";
  return {
    title: ownName(entry.module) || (app ? `${app.label}` : label),
    detail,
    number: entry.id === undefined ? "" : String(entry.id),
    app: app?.name ?? "",
    icon: app?.icon ?? "",
  };
}
