import assert from "node:assert/strict";
import { test } from "node:test";
import { type RunReport, type RunRow, differs, isAwaited, worthShowing } from "./run-data";

const row = (change: Partial<RunRow>): RunRow => ({ id: "1", status: "success", word: "", isFinal: true, isDraft: false, isSingle: false, isCheck: false, ago: "", at: "", by: "", operations: 1, name: null, whyNot: "", ...change });
const report = (change: Partial<RunReport>): RunReport => ({ id: "1", status: "running", word: "", isFinal: false, isDraft: true, isSingle: false, isCheck: false, operations: 0, startedAt: "", finishedAt: null, modules: {}, log: [], leftOut: 0, error: null, ...change });

test("the page opens with the last run that did something", () => {
  const rows = [row({ id: "a", isSingle: true }), row({ id: "b", isCheck: true }), row({ id: "c" }), row({ id: "d" })];
  assert.equal(worthShowing(rows)?.id, "c");
  assert.equal(worthShowing([]), undefined);
});

test("who waits with a changed draft is not shown the live run beside it", () => {
  assert.equal(isAwaited(report({ isDraft: false }), true), false);
  assert.equal(isAwaited(report({ isDraft: true }), true), true);
  assert.equal(isAwaited(report({ isDraft: false }), false), true);
  assert.equal(isAwaited(report({ isSingle: true }), true), false);
});

test("a report is drawn again only when something changed", () => {
  const mark = { operations: 1, errors: 0, parked: 0, running: 1, warnings: 0, heldBack: 0, letThrough: 0 };
  assert.equal(differs(undefined, report({})), true);
  assert.equal(differs(report({}), report({ startedAt: "later" })), false);
  assert.equal(differs(report({}), report({ status: "success" })), true);
  assert.equal(differs(report({ modules: { 1: mark } }), report({ modules: { 1: { ...mark, running: 0 } } })), true);
});
