import assert from "node:assert/strict";
import { test } from "node:test";
import { Refused } from "./editor";
import type { Json } from "./json";
import { type Conflict, Keeper, type Kept, type Wanted } from "./keeper";
import { Store } from "./store";

/** A server that keeps what it is sent, or fails as told. */
function setUp() {
  const store = new Store({ root: { flow: [] }, links: {} });
  const sent: Wanted[] = [];
  const states: string[] = [];
  const timers: (() => void)[] = [];
  const conflicts: Conflict[] = [];
  let failure: Refused | undefined;
  let release: (() => void) | undefined;
  let isSlow = false;
  const server = { revision: 0 };
  const send = async (wanted: Wanted): Promise<Kept> => {
    sent.push(wanted);
    if (isSlow) await new Promise<void>((go) => (release = go));
    if (failure) throw failure;
    if (wanted.revision !== server.revision) {
      throw new Refused("It was changed.", 409, { revision: server.revision, by: "Ada", at: "2026-11-24T10:00:00.000Z" });
    }
    server.revision += 1;
    return { revision: server.revision, isChanged: true, report: [] } as unknown as Kept;
  };
  const keeper = new Keeper({
    store,
    revision: 0,
    tab: "a",
    send,
    onState: (state) => states.push(state),
    onLate: () => states.push("late"),
    late: 20,
    onKept: () => {},
    onConflict: (conflict) => conflicts.push(conflict),
    wait: (run) => {
      timers.push(run);
      return timers.length as unknown as number;
    },
  });
  return {
    store, sent, states, timers, keeper, server, conflicts,
    write: (text: string) => store.change("Write", { root: { flow: [], name: text } as Json, links: {} }),
    fail: (with_: Refused | undefined) => (failure = with_),
    slow: (value: boolean) => (isSlow = value),
    release: () => release?.(),
  };
}

const settle = () => new Promise((done) => setImmediate(done));

test("changes that come together are sent once, the latest wins", async () => {
  const { keeper, sent, timers, write, states } = setUp();
  write("a");
  write("ab");
  assert.equal(sent.length, 0);
  timers.at(-1)?.();
  await settle();
  assert.deepEqual(sent.map((one) => (one.root as { name: string }).name), ["ab"]);
  assert.equal(keeper.isUnkept, false);
  assert.deepEqual(states, ["keeping", "kept"]);
});

test("only one request is on its way, and what came meanwhile follows it", async () => {
  const { keeper, sent, timers, write, slow, release } = setUp();
  slow(true);
  write("a");
  timers.at(-1)?.();
  write("b");
  timers.at(-1)?.();
  await settle();
  assert.equal(sent.length, 1);
  slow(false);
  release();
  await keeper.flush();
  assert.deepEqual(sent.map((one) => [one.revision, (one.root as { name: string }).name]), [[0, "a"], [1, "b"]]);
  assert.equal(keeper.state, "kept");
});

test("a server that cannot be reached is asked again, and nothing is lost", async () => {
  const { keeper, sent, timers, write, fail } = setUp();
  fail(new Refused("Unreachable.", 0, null));
  write("a");
  await assert.rejects(keeper.flush(), /Unreachable/);
  assert.equal(keeper.state, "failing");
  fail(undefined);
  timers.at(-1)?.();
  await settle();
  assert.equal(keeper.state, "kept");
  assert.equal(sent.length, 2);
});

test("what is refused for good is not sent again before it changes", async () => {
  const { keeper, timers, write, fail } = setUp();
  fail(new Refused("Too large.", 413, null));
  write("a");
  const before = timers.length;
  await assert.rejects(keeper.flush(), /Too large/);
  assert.equal(timers.length, before);
  fail(undefined);
  write("b");
  timers.at(-1)?.();
  await settle();
  assert.equal(keeper.state, "kept");
});

test("another tab's draft is never overwritten unasked", async () => {
  const { keeper, sent, write, server, conflicts, timers } = setUp();
  server.revision = 5;
  write("mine");
  await assert.rejects(keeper.flush());
  assert.equal(keeper.state, "conflict");
  assert.deepEqual(conflicts, [{ revision: 5, by: "Ada", at: "2026-11-24T10:00:00.000Z" }]);
  const count = sent.length;
  write("more of mine");
  timers.at(-1)?.();
  await settle();
  assert.equal(sent.length, count);
  keeper.overrule(5);
  await keeper.flush();
  assert.equal(keeper.state, "kept");
  assert.equal((sent.at(-1)?.root as { name: string }).name, "more of mine");
});

test("what was loaded is not sent back, and an undo after it is", async () => {
  const { keeper, sent, store, write, server } = setUp();
  write("mine");
  server.revision = 3;
  await assert.rejects(keeper.flush());
  const theirs = { root: { flow: [], name: "theirs" } as Json, links: {} };
  keeper.accept(theirs, 3);
  store.change("Load theirs", theirs);
  assert.equal(keeper.state, "kept");
  const count = sent.length;
  store.undo();
  await keeper.flush();
  assert.equal(sent.length, count + 1);
  assert.equal((sent.at(-1)?.root as { name: string }).name, "mine");
});

test("what was changed while the draft was published is sent after it", async () => {
  const { keeper, sent, store, write, server, timers } = setUp();
  write("published");
  await keeper.flush();
  const doc = store.doc;
  write("typed meanwhile");
  server.revision = 2;
  keeper.accept(doc, 2);
  assert.equal(keeper.state, "keeping");
  timers.at(-1)?.();
  await settle();
  assert.equal((sent.at(-1)?.root as { name: string }).name, "typed meanwhile");
  assert.equal(keeper.state, "kept");
});

test("a refusal that names no other draft is no conflict", async () => {
  const { keeper, write, fail, conflicts } = setUp();
  fail(new Refused("It is busy.", 409, { problem: "It is busy." }));
  write("a");
  await assert.rejects(keeper.flush());
  assert.equal(keeper.state, "failing");
  assert.deepEqual(conflicts, []);
});

test("a request that takes long is told of, until it has come to an end", async () => {
  const { keeper, timers, write, slow, release, states } = setUp();
  slow(true);
  write("a");
  timers.at(-1)?.();
  await new Promise((done) => setTimeout(done, 60));
  assert.deepEqual(states, ["keeping", "late"]);
  // What is written meanwhile leaves the state as it is.
  write("b");
  assert.equal(states.at(-1), "late");
  release();
  await settle();
  assert.equal(keeper.isUnkept, true);
  assert.equal(states.at(-1), "keeping");
  slow(false);
  timers.at(-1)?.();
  await settle();
  assert.equal(states.at(-1), "kept");
});
