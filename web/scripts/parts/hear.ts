/** Listens to topics of the server: what happens to a scenario, a run, a
 *  webhook. All pages of a browser share one stream; where there is no shared
 *  worker, the page asks again and again. */
import type { ToPage, ToWorker } from "./switchboard";

export interface Listener {
  /** Nothing is missed from now on; what was before may have been. */
  open(): void;
  news(event: string, data: unknown): void;
}

/** A worker that does not answer after this will not. */
const PATIENCE = 5_000;
/** How often a page without a worker asks, seen and unseen. */
const POLL = 4_000;
const POLL_HIDDEN = 20_000;

const listeners = new Map<string, Set<Listener>>();
let way: { changed: () => void } | undefined;

/** Listens until the answer is called. */
export function hear(topic: string, listener: Listener): () => void {
  const known = listeners.get(topic) ?? new Set();
  listeners.set(topic, known.add(listener));
  way ??= begin();
  way.changed();
  return () => {
    known.delete(listener);
    if (known.size === 0) listeners.delete(topic);
    way?.changed();
  };
}

function opened(topic: string): void {
  for (const listener of [...(listeners.get(topic) ?? [])]) listener.open();
}

function told(topic: string, event: string, data: unknown): void {
  for (const listener of [...(listeners.get(topic) ?? [])]) listener.news(event, data);
}

function begin(): { changed: () => void } {
  const url = document.querySelector<HTMLElement>("[data-live-worker]")?.dataset.liveWorker;
  const otherwise = () => {
    way = poll();
  };
  try {
    if (url && typeof SharedWorker === "function") return share(new SharedWorker(url, "rouage-live"), otherwise);
  } catch {
    // The person's settings do not allow it.
  }
  return poll();
}

function share(worker: SharedWorker, otherwise: () => void): { changed: () => void } {
  const { port } = worker;
  let isGivenUp = false;
  const send = (message: ToWorker) => port.postMessage(message);
  const say = () => {
    if (!isGivenUp) send({ kind: "hear", topics: [...listeners.keys()] });
  };
  const giveUp = () => {
    if (isGivenUp) return;
    isGivenUp = true;
    send({ kind: "bye" });
    otherwise();
  };
  const timer = setTimeout(giveUp, PATIENCE);
  worker.addEventListener("error", giveUp);
  port.onmessage = ({ data }: MessageEvent<ToPage>) => {
    if (isGivenUp) return;
    clearTimeout(timer);
    if (data.kind === "there") send({ kind: "here" });
    else if (data.kind === "open") opened(data.topic);
    else if (data.kind === "news") told(data.topic, data.event, data.data);
  };
  addEventListener("pagehide", () => !isGivenUp && send({ kind: "bye" }));
  addEventListener("pageshow", (event) => event.persisted && say());
  // A page that slept for long may have been taken for gone.
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && say());
  return { changed: say };
}

function poll(): { changed: () => void } {
  /** Topics that the last answer was about. */
  let known = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isAsking = false;
  const ask = async () => {
    clearTimeout(timer);
    const topics = [...listeners.keys()];
    if (isAsking || topics.length === 0) return;
    isAsking = true;
    try {
      const answer = await fetch(`/live?once=1&fresh=${topics.map(encodeURIComponent).join(",")}`, { redirect: "error" });
      if (!answer.ok) throw new Error(answer.statusText);
      const events = (await answer.json()) as { topic: string; event: string; data: unknown }[];
      const fresh = topics.filter((topic) => !known.has(topic));
      known = new Set(topics);
      for (const topic of fresh) opened(topic);
      for (const { topic, event, data } of events) told(topic, event, data);
    } catch {
      known = new Set();
    }
    isAsking = false;
    timer = setTimeout(() => void ask(), document.visibilityState === "visible" ? POLL : POLL_HIDDEN);
  };
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && void ask());
  setTimeout(() => void ask());
  return { changed: () => void ask() };
}
