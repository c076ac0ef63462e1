/** What the picker shows: groups of modules and apps that fit at a place, and
 *  in one sentence why something does not. */
import type { Catalogue, CatalogueApp, CatalogueModule } from "./editor";
import { type Found, appName } from "./search";
import { words } from "./words/picker";

/** What a place takes. */
export interface Offer {
  /** It begins the scenario. */
  isFirst: boolean;
  /** It lies loose, so that anything may be put there. */
  isLoose: boolean;
  onError: boolean;
  /** It begins an error route, so that the usual answer is a directive. */
  isNewHandler: boolean;
  /** Directly after an if-else that has no merge. */
  takesMerge: boolean;
}

/** A row: a module, or an app that opens. */
export interface Choice {
  module?: CatalogueModule;
  app: CatalogueApp;
  label: string;
  text: string;
  /** Why it cannot be chosen here. */
  why?: string;
  badge?: string;
}

export interface Group {
  label: string;
  choices: Choice[];
}

const MOST_FOUND = 40;

/** Why a module has no place there; nothing when it has one. */
export function whyNot(module: CatalogueModule, offer: Offer): string | undefined {
  if (module.kind === "directive") return offer.onError ? undefined : words.onlyOnError;
  if (module.kind === "merge") return offer.takesMerge ? undefined : words.onlyAfterIfElse;
  if (isStarter(module) && !offer.isFirst && !offer.isLoose) return offer.onError ? words.notOnError : words.onlyFirst;
  return undefined;
}

function isStarter(module: CatalogueModule): boolean {
  return module.kind === "instant-trigger" || module.kind === "polling-trigger" || module.first === true;
}

function choice(module: CatalogueModule, app: CatalogueApp, offer: Offer, isAlone: boolean): Choice {
  const why = whyNot(module, offer);
  const badge = words.badges[module.kind];
  return { module, app, label: isAlone ? `${app.label}: ${module.label}` : module.label, text: module.description, ...(why === undefined ? {} : { why }), ...(badge === undefined ? {} : { badge }) };
}

/** What is shown before anything is typed. */
export function rootGroups(catalogue: Catalogue, apps: ReadonlyMap<string, CatalogueApp>, offer: Offer, recent: readonly string[]): Group[] {
  const usable = catalogue.modules.filter((module) => !module.legacy && whyNot(module, offer) === undefined && apps.has(appName(module)));
  const row = (module: CatalogueModule, isAlone: boolean) => choice(module, apps.get(appName(module)) as CatalogueApp, offer, isAlone);
  const starters = offer.isFirst ? usable.filter(isStarter) : [];
  const directives = offer.isNewHandler ? usable.filter((module) => module.kind === "directive") : [];
  const used = recent.map((name) => usable.filter((module) => module.name === name).at(-1)).filter((module) => module !== undefined);
  const flow = apps.get("builtin");
  const inFlow = offer.isFirst || !flow ? [] : usable.filter((module) => appName(module) === flow.name && module.kind !== "directive");
  const groups: Group[] = [
    { label: words.directives, choices: directives.map((module) => row(module, false)) },
    { label: words.starts, choices: byInstant(starters).map((module) => row(module, true)) },
    { label: words.recent, choices: used.filter((module) => !starters.includes(module) && !directives.includes(module)).map((module) => row(module, true)) },
    { label: words.apps, choices: appChoices(usable, apps, inFlow) },
    { label: flow?.label ?? words.flow, choices: inFlow.map((module) => row(module, false)) },
  ];
  return groups.filter(({ choices }) => choices.length > 0);
}

function byInstant(modules: CatalogueModule[]): CatalogueModule[] {
  const rank = (module: CatalogueModule) => (module.kind === "instant-trigger" ? 0 : module.kind === "polling-trigger" ? 1 : 2);
  return [...modules].sort((a, b) => rank(a) - rank(b));
}

function appChoices(usable: readonly CatalogueModule[], apps: ReadonlyMap<string, CatalogueApp>, shown: readonly CatalogueModule[]): Choice[] {
  const counts = new Map<string, number>();
  for (const module of usable) if (!shown.includes(module) && module.kind !== "directive") counts.set(appName(module), (counts.get(appName(module)) ?? 0) + 1);
  const chosen = [...apps.values()].filter((app) => counts.has(app.name)).sort((a, b) => a.label.localeCompare(b.label));
  return chosen.map((app) => ({ app, label: app.label, text: words.modules(counts.get(app.name) ?? 0) }));
}

/** The modules of one app, by what they do. */
export function appGroups(app: CatalogueApp, catalogue: Catalogue, offer: Offer): Group[] {
  const modules = catalogue.modules.filter((module) => !module.legacy && appName(module) === app.name).sort((a, b) => a.label.localeCompare(b.label));
  const sort = (module: CatalogueModule): keyof typeof words.kinds => {
    if (isStarter(module)) return "trigger";
    if (module.kind === "search") return "search";
    return module.kind === "action" || module.kind === "responder" ? "action" : "other";
  };
  const kinds = (Object.keys(words.kinds) as (keyof typeof words.kinds)[]).map((kind) => ({ label: words.kinds[kind], choices: modules.filter((module) => sort(module) === kind).map((module) => choice(module, app, offer, false)) }));
  const filled = kinds.filter(({ choices }) => choices.length > 0);
  const isUsable = (group: Group) => group.choices.some(({ why }) => why === undefined);
  return [...filled.filter(isUsable), ...filled.filter((group) => !isUsable(group))];
}

/** What a search found, by app; what fits nowhere here comes last. */
export function foundGroups(found: readonly Found[], offer: Offer): Group[] {
  const fitting = found.filter(({ module }) => whyNot(module, offer) === undefined).sort((a, b) => lift(b, offer) - lift(a, offer));
  const lifted = [...fitting, ...found.filter(({ module }) => whyNot(module, offer) !== undefined)];
  const groups = new Map<string, Group>();
  for (const { module, app } of lifted.slice(0, MOST_FOUND)) {
    const isShut = whyNot(module, offer) !== undefined;
    const name = isShut ? "" : app.name;
    const group = groups.get(name) ?? { label: isShut ? words.shut : app.label, choices: [] };
    group.choices.push(choice(module, app, offer, isShut));
    groups.set(name, group);
  }
  return [...groups.values()];
}

/** As the first module a trigger that is found nearly as well goes before
 *  others; as an error handler a directive. */
function lift({ module, score }: Found, offer: Offer): number {
  const isUsual = (offer.isFirst && isStarter(module)) || (offer.isNewHandler && module.kind === "directive");
  return score + (isUsual ? 25 : 0);
}
