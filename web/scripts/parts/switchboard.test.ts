import assert from "node:assert/strict";
import { test } from "node:test";
import { type Stream, Switchboard, type ToPage } from "./switchboard";

interface Fake extends Stream {
  query: string;
  isClosed: boolean;
  on: { open: () => void; news: (text: string) => void; broken: () => void };
}

function setUp() {
  const opened: Fake[] = [];
  let timers: { at: number; run: () => void }[] = [];
  let now = 0;
  const board = new Switchboard({
    open: (query, on) => {
      const stream: Fake = { query, on, isClosed: false, close: () => (stream.isClosed = true) };
      opened.push(stream);
      return stream;
    },
    wait: (run, milliseconds) => timers.push({ at: now + milliseconds, run }),
    now: () => now,
  });
  const pass = (milliseconds: number) => {
    const end = now + milliseconds;
    for (;;) {
      const next = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      timers = timers.filter((timer) => timer !== next);
      now = next.at;
      next.run();
    }
    now = end;
  };
  const page = () => {
    const heard: ToPage[] = [];
    return { heard, postMessage: (message: ToPage) => void heard.push(message) };
  };
  return { board, opened, pass, page };
}

test("many pages share one stream, and each hears what it listens to", () => {
  const { board, opened, pass, page } = setUp();
  const [one, two] = [page(), page()];
  board.take(one, { kind: "hear", topics: ["editor:1:a"] });
  board.take(two, { kind: "hear", topics: ["editor:2:b", "scenario:2"] });
  pass(100);
  assert.deepEqual(opened.map(({ query }) => query), ["fresh=editor%3A1%3Aa,editor%3A2%3Ab,scenario%3A2&known="]);
  opened[0]!.on.open();
  assert.deepEqual(one.heard, [{ kind: "open", topic: "editor:1:a" }]);
  opened[0]!.on.news('{"topic":"scenario:2","event":"changed","data":null}');
  assert.equal(one.heard.length, 1);
  assert.deepEqual(two.heard.at(-1), { kind: "news", topic: "scenario:2", event: "changed", data: null });
});

test("the old stream ends only when the next one is open, and only what is new is told to be", () => {
  const { board, opened, pass, page } = setUp();
  const [one, two, three] = [page(), page(), page()];
  board.take(one, { kind: "hear", topics: ["scenario:1"] });
  pass(100);
  opened[0]!.on.open();
  board.take(two, { kind: "hear", topics: ["scenario:2"] });
  pass(100);
  assert.equal(opened[1]!.query, "fresh=scenario%3A2&known=scenario%3A1");
  assert.equal(opened[0]!.isClosed, false);
  opened[0]!.on.news('{"topic":"scenario:1","event":"changed","data":null}');
  assert.equal(one.heard.length, 2, "what happens in between is heard");
  opened[1]!.on.open();
  assert.equal(opened[0]!.isClosed, true);
  assert.equal(one.heard.length, 2, "one did not miss anything");
  board.take(three, { kind: "hear", topics: ["scenario:1"] });
  assert.deepEqual(three.heard, [{ kind: "open", topic: "scenario:1" }], "listened to already");
  pass(100);
  assert.equal(opened.length, 2);
  board.take(one, { kind: "bye" });
  board.take(three, { kind: "bye" });
  pass(100);
  assert.equal(opened[2]!.query, "fresh=&known=scenario%3A2");
  board.take(two, { kind: "bye" });
  pass(100);
  assert.ok(opened.every(({ isClosed }) => isClosed), "nobody listens, nothing is open");
});

test("a stream that breaks is opened again, slower each time, and all have to look", () => {
  const { board, opened, pass, page } = setUp();
  const one = page();
  board.take(one, { kind: "hear", topics: ["scenario:1"] });
  pass(100);
  opened[0]!.on.open();
  opened[0]!.on.broken();
  pass(900);
  assert.equal(opened.length, 1);
  pass(200);
  opened[1]!.on.broken();
  pass(1_900);
  assert.equal(opened.length, 2);
  pass(200);
  assert.equal(opened[2]!.query, "fresh=scenario%3A1&known=");
  opened[2]!.on.open();
  assert.deepEqual(one.heard, [{ kind: "open", topic: "scenario:1" }, { kind: "open", topic: "scenario:1" }]);
});

test("a page that is gone without a word is forgotten", () => {
  const { board, opened, pass, page } = setUp();
  const [gone, there] = [page(), page()];
  board.take(gone, { kind: "hear", topics: ["editor:1:a"] });
  board.take(there, { kind: "hear", topics: ["scenario:1"] });
  pass(100);
  opened[0]!.on.open();
  for (let minute = 0; minute < 8; minute += 1) {
    pass(20_000);
    if (there.heard.at(-1)?.kind === "there") board.take(there, { kind: "here" });
  }
  assert.equal(opened.at(-1)!.query, "fresh=&known=scenario%3A1");
});
