/** How a module is drawn and named: the twin of `look.rs` and `draw.rs`. What
 *  it cannot know before the catalogue has come is taken from the server's
 *  drawing. */
import { described, isDirective, isPlaceholder, ownName } from "./blueprint";
import { spaced } from "./blueprint/base";
import type { Catalogue, CatalogueApp, Editor, ModuleReport } from "./editor";
import { cut } from "./geometry";
import { appOf, filterInto } from "./lines";
import type { Mark } from "./services";
import type { Entry } from "./tree";
import { words } from "./words/canvas";

export interface Look {
  key: string;
  app: string;
  number: string;
  title: string;
  subtitle: string;
  icon: string;
  monogram: string;
  className: string;
  isInstant: boolean;
  hasInput: boolean;
  hasOutput: boolean;
  hasProblem: boolean;
}

const FLOW_CONTROL = "builtin";

/** Looks of modules, with what the server told of apps and problems. */
export class Looks {
  catalogue: Catalogue | undefined;
  #reports = new Map<number, ModuleReport>();

  constructor(private readonly editor: Editor) {
    this.takeReport();
  }

  /** The report of the draft, as the page was delivered or kept last. */
  takeReport(): void {
    this.#reports = new Map(this.editor.boot.report.filter((report) => report.id !== null).map((report) => [report.id as number, report]));
  }

  app(entry: Entry): CatalogueApp {
    const name = appOf(entry);
    const known = this.editor.boot.apps[name] ?? this.catalogue?.apps.find((app) => app.name === name);
    const label = titled(name);
    return known ?? { name, label, icon: "", monogram: [...label].slice(0, 2).join(""), color: "", synonyms: [] };
  }

  /** The module for people, such as "Add a row". */
  label(entry: Entry): string {
    if (isPlaceholder(entry.module)) return words.choose;
    return described(entry.module, this.catalogue)?.label ?? spaced(String(entry.module.module).split(":")[1] ?? "");
  }

  /** Whether it can be run. Without the catalogue only the report knows. */
  isAvailable(entry: Entry): boolean {
    if (isPlaceholder(entry.module)) return true;
    if (this.catalogue) return this.catalogue.modules.some((module) => module.name === entry.module.module) && this.report(entry)?.status !== "unavailable";
    return this.report(entry)?.status !== "unavailable";
  }

  report(entry: Entry): ModuleReport | undefined {
    return entry.id === undefined ? undefined : this.#reports.get(entry.id);
  }

  of(entry: Entry): Look {
    const app = this.app(entry);
    const own = ownName(entry.module);
    const vacant = isPlaceholder(entry.module);
    const appLabel = vacant ? words.emptyPlace : app.label;
    const label = this.label(entry);
    // Make calls its routers and iterators by their own names.
    const [title, subtitle] = own ? [own, appLabel] : app.name === FLOW_CONTROL ? [label, appLabel] : [appLabel, label];
    const available = this.isAvailable(entry);
    const found = described(entry.module, this.catalogue);
    const classes = [
      entry.isOff && !entry.isOrphan && "is-off",
      entry.isOrphan && "is-loose",
      vacant && "is-vacant",
      !available && "is-unavailable",
    ];
    return {
      key: entry.key,
      app: app.name,
      number: entry.id === undefined ? "" : String(entry.id),
      title: cut(title, 24),
      subtitle: cut(subtitle, 26),
      icon: vacant ? "plus" : app.icon === "" ? "" : (found?.icon || app.icon),
      monogram: vacant ? "" : app.monogram,
      className: classes.filter(Boolean).join(" "),
      isInstant: found?.kind === "instant-trigger",
      hasInput: entry.parent !== undefined,
      hasOutput: !isDirective(entry.module) || entry.module.module === "builtin:Resume",
      hasProblem: available && this.report(entry)?.status === "check" && (this.report(entry)?.problems.length ?? 0) > 0,
    };
  }

  /** Its name in lists and sentences: "Google Sheets, Add a row, module 4". */
  name(entry: Entry): string {
    const look = this.of(entry);
    return words.module(look.title, look.subtitle, look.number);
  }

  /** For screen readers: the name, then all that is seen of its state. */
  spoken(entry: Entry, look: Look, parent: Entry | undefined, mark: Mark | undefined): string {
    const filter = parent && filterInto(entry, parent);
    const states = [
      mark && mark.operations > 0 && `${words.operations(mark.operations)}${stateOf(mark).words}`,
      look.className.includes("is-off") && words.off,
      look.className.includes("is-loose") && words.loose,
      look.className.includes("is-unavailable") && words.unavailable,
      look.hasProblem && words.check,
      filter && (filter.has || filter.name !== "") && words.filtered(filter.name),
    ];
    return [words.module(look.title, look.subtitle, look.number), ...states.filter(Boolean)].join(", ");
  }
}

/** The bubble of a module: its colour class and the words for it. */
export function stateOf(mark: Mark): { className: string; words: string } {
  if (mark.errors > 0) return { className: "error", words: `, ${words.failed}` };
  if (mark.parked > 0) return { className: "warning", words: `, ${words.decide}` };
  if (mark.running > 0) return { className: "running", words: `, ${words.running}` };
  if (mark.warnings > 0) return { className: "warning", words: `, ${words.warned}` };
  return { className: "ok", words: "" };
}

/** `1.2k` for more than fits into a bubble. */
export function short(number: number): string {
  if (number < 1_000) return String(number);
  if (number < 10_000) return `${Math.floor(number / 1_000)}.${Math.floor((number % 1_000) / 100)}k`;
  return number < 1_000_000 ? `${Math.floor(number / 1_000)}k` : `${Math.floor(number / 1_000_000)}M`;
}

/** `google-drive` becomes `Google Drive`. */
function titled(name: string): string {
  return name.split(/[-_]/).filter(Boolean).map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(" ");
}
