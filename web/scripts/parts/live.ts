import { canvas } from "./canvas";
import { hear } from "./hear";
import { localTimes } from "./times";

/** Listens to what the page is about, fetches the page again when that changes,
 *  and swaps its live parts. */
export function live(): void {
  const topic = document.querySelector<HTMLElement>("[data-live-topic]")?.dataset.liveTopic;
  if (!topic) return;
  let busy = false;
  let again = false;
  const refresh = async () => {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    const keepListening = await swap().catch(() => true);
    busy = false;
    if (!keepListening) stop();
    else if (again) {
      again = false;
      void refresh();
    }
  };
  // What changed before the stream was open, or while it was broken, was not told.
  const stop = hear(topic, { open: () => void refresh(), news: () => void refresh() });
}

/** False when the new page is not live any more. */
async function swap(): Promise<boolean> {
  const answer = await fetch(location.href);
  if (!answer.ok || answer.redirected) return false;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  // Asked now: the parts are moved out of it below.
  const isLive = page.querySelector("[data-live-topic]") !== null;
  for (const part of document.querySelectorAll<HTMLElement>("[data-live]")) {
    const fresh = page.querySelector<HTMLElement>(`[data-live="${part.dataset.live}"]`);
    if (!fresh || isBeingUsed(part)) continue;
    const opened = [...part.querySelectorAll<HTMLDetailsElement>("details[id]")].map((details) => [details.id, details.open] as const);
    const scroll = part.querySelector(".scroll");
    const place = scroll ? [scroll.scrollLeft, scroll.scrollTop] : [0, 0];
    part.replaceWith(fresh);
    for (const [id, open] of opened) {
      const details = document.getElementById(id);
      if (details instanceof HTMLDetailsElement) details.open = open || details.open;
    }
    fresh.querySelector(".scroll")?.scrollTo(place[0] ?? 0, place[1] ?? 0);
    localTimes(fresh);
  }
  canvas();
  return isLive;
}

/** Nobody likes a form that changes while they type. */
function isBeingUsed(part: HTMLElement): boolean {
  const active = document.activeElement;
  return active instanceof HTMLElement && part.contains(active) && active.matches("input, select, textarea");
}
