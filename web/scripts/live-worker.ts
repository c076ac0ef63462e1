// The shared worker of all pages of a browser: it has the one live stream. A
// worker because it works over plain http too, where browsers have no locks to
// choose a page by, and only six connections.
import { Switchboard, type ToWorker } from "./parts/switchboard";

const board = new Switchboard({
  open(query, on) {
    const stream = new EventSource(`/live?${query}`);
    stream.addEventListener("open", on.open);
    stream.addEventListener("news", (event) => on.news((event as MessageEvent<string>).data));
    // The browser would try again by itself, but with the topics of before.
    stream.addEventListener("error", on.broken);
    return stream;
  },
  wait: (run, milliseconds) => setTimeout(run, milliseconds),
  now: () => Date.now(),
});

(globalThis as unknown as { onconnect: (event: MessageEvent) => void }).onconnect = (event) => {
  const [port] = event.ports;
  if (!port) return;
  port.onmessage = (message: MessageEvent<ToWorker>) => board.take(port, message.data);
  // Newer browsers tell when a page is gone without having said so.
  port.addEventListener("close", () => board.take(port, { kind: "bye" }));
  port.postMessage({ kind: "ready" });
};
