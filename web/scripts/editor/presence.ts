/** Hears what happens to the scenario elsewhere: other people and tabs, their
 *  drafts, runs, requests at the hook. One stream an open, visible tab. */
import { type Draft, drafts } from "./drafts";
import { h, must } from "./dom";
import type { Editor } from "./editor";
import { type Bar } from "./keeper";
import { words } from "./words/drafts";

interface Person {
  name: string;
  isYou: boolean;
}

/** A tab that nobody looks at gives its connection back after this: browsers
 *  have six of them for a server. */
const HIDDEN_FOR = 5_000;

export function start(editor: Editor): void {
  let stream: EventSource | undefined;
  let timer: number | undefined;
  let wasOpen = false;
  const open = () => {
    clearTimeout(timer);
    if (stream) return;
    stream = listen(editor);
    stream.addEventListener("open", () => {
      // What happened in between is not told again: everybody looks once.
      if (wasOpen) editor.signals.dispatchEvent(new Event("returned"));
      wasOpen = true;
    });
  };
  const close = () => {
    stream?.close();
    stream = undefined;
  };
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") open();
    else timer = setTimeout(close, HIDDEN_FOR) as unknown as number;
  });
  addEventListener("pagehide", close);
  editor.signals.addEventListener("returned", open);
  // Opened in the background it has no need of one yet.
  if (document.visibilityState === "visible") open();
}

function listen(editor: Editor): EventSource {
  const { path, tab } = drafts(editor);
  const stream = new EventSource(`${path}/edit/live?tab=${encodeURIComponent(tab)}`);
  const on = <T>(name: string, run: (data: T) => void) =>
    stream.addEventListener(name, (event) => run(JSON.parse((event as MessageEvent<string>).data) as T));
  on<Person[]>("people", (people) => showPeople(editor, people));
  on<{ revision: number; by: string | null; tab: string | null }>("draft", (draft) => heard(editor, draft));
  on<object>("scenario", () => refreshBar(editor));
  // For the parts that show runs and hooks: a run moved on, a request came.
  on<{ execution: string }>("run", (detail) => editor.signals.dispatchEvent(new CustomEvent("run-news", { detail })));
  on<{ id: number }>("hook", (detail) => editor.signals.dispatchEvent(new CustomEvent("hook", { detail })));
  return stream;
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
