/** Hears what happens to the scenario elsewhere: other people and tabs, their
 *  drafts, runs, requests at the hook. */
import { hear } from "../parts/hear";
import { type Draft, drafts } from "./drafts";
import { h, must } from "./dom";
import type { Editor } from "./editor";
import { type Bar } from "./keeper";
import { words } from "./words/drafts";

interface Person {
  name: string;
  isYou: boolean;
}

export function start(editor: Editor): void {
  const { tab } = drafts(editor);
  let wasOpen = false;
  hear(`editor:${editor.boot.scenario.id}:${tab}`, {
    open: () => {
      // What happened in between is not told again: everybody looks once.
      if (wasOpen) editor.signals.dispatchEvent(new Event("returned"));
      wasOpen = true;
    },
    news: (event, data) => told(editor, event, data),
  });
}

function told(editor: Editor, event: string, detail: unknown): void {
  if (event === "people") showPeople(editor, detail as Person[]);
  else if (event === "draft") void heard(editor, detail as Parameters<typeof heard>[1]);
  else if (event === "scenario") void refreshBar(editor);
  else if (event === "failures") {
    Object.assign(editor.boot.scenario, { failures: (detail as { count: number }).count });
    editor.signals.dispatchEvent(new Event("scenario"));
  }
  // For the parts that show runs and hooks: a run moved on, a request came.
  else if (event === "run") editor.signals.dispatchEvent(new CustomEvent("run-news", { detail }));
  else if (event === "hook") editor.signals.dispatchEvent(new CustomEvent("hook", { detail }));
}

/** Another draft is there. It is taken over while nothing of ours would be
 *  touched; else our next change finds out, and a person decides. */
async function heard(editor: Editor, news: { revision: number; by: string | null; tab: string | null }): Promise<void> {
  const service = drafts(editor);
  const { keeper, tab } = service;
  if (news.tab === tab || news.revision <= keeper.revision || keeper.state !== "kept") return;
  try {
    const draft = await editor.get<Draft>(`${service.path}/draft`);
    // Meanwhile a change may have begun here.
    if (keeper.state !== "kept" || keeper.isUnkept || draft.revision <= keeper.revision) return;
    service.take(draft, words.loadedStep);
    // A tab keeps a draft; what no tab has kept was changed on another page.
    const isOwn = !draft.by || draft.by === document.body.dataset.user;
    if (!news.tab) editor.say(words.loadedOther);
    else editor.say(isOwn ? words.loadedOwn : words.loadedBy(draft.by ?? words.somebody));
  } catch {
    // The stream tells again when the server is back.
  }
}

let people: Person[] = [];

function showPeople(editor: Editor, now: Person[]): void {
  const before = people;
  people = now;
  const list = must("#people");
  list.hidden = now.length === 0;
  list.replaceChildren(...distinct(now).map((person) => {
    const text = person.isYou ? words.hereYou : words.hereToo(person.name);
    return h("li", { title: text }, h("span", { "aria-hidden": "true" }, initials(person.name)), h("span", { class: "hidden" }, text));
  }));
  const joined = distinct(now).find((person) => !before.some((other) => other.name === person.name && other.isYou === person.isYou));
  if (joined) editor.say(joined.isYou ? words.joinedYou : words.joined(joined.name));
}

/** Everybody once, however many tabs. */
function distinct(all: Person[]): Person[] {
  return all.filter((person, index) => all.findIndex((other) => other.name === person.name && other.isYou === person.isYou) === index);
}

function initials(name: string): string {
  const parts = name.split(/\s+/).filter(Boolean);
  return parts.slice(0, 2).map((part) => [...part][0]?.toUpperCase() ?? "").join("") || "?";
}

async function refreshBar(editor: Editor): Promise<void> {
  try {
    const { scenario } = await editor.get<{ scenario: Bar }>(`${drafts(editor).path}/edit/state`);
    Object.assign(editor.boot.scenario, scenario);
    editor.signals.dispatchEvent(new Event("scenario"));
  } catch {
    // Only words; the next news bring them.
  }
}
