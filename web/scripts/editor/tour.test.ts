import assert from "node:assert/strict";
import { test } from "node:test";
import type { Field } from "./editor";
import type { RunRow } from "./run-data";
import { lastLive } from "./tour-live";
import { missing } from "./tour-missing";

const field = (name: string, label: string, type: Field["type"], more: Partial<Field> = {}): Field => ({ name, label, type, required: true, ...more });
const addRow = {
  parameters: [field("__IMTCONN__", "Connection", "connection")],
  mapper: [
    field("mode", "Way", "select", { default: "select" }),
    field("spreadsheetId", "Spreadsheet", "spreadsheet"),
    field("sheetId", "Sheet Name", "select"),
    field("address", "Address", "text", { shown: { field: "mode", values: ["map"] } }),
    field("note", "Note", "text", { required: false }),
  ],
};

test("the guide names the fields that are empty", () => {
  assert.deepEqual(missing({ id: 2, mapper: null }, {}, addRow), ["Connection", "Spreadsheet", "Sheet Name"]);
  assert.deepEqual(missing({ id: 2, parameters: { __IMTCONN__: null }, mapper: { spreadsheetId: "x" } }, { "2.__IMTCONN__": "builtin" }, addRow), ["Sheet Name"]);
  assert.deepEqual(missing({ id: 2, mapper: { sheetId: "{{1.x}}", mode: "map" } }, { "2.__IMTCONN__": 4, "2.spreadsheetId": "y" }, addRow), ["Address"]);
});

const run = (id: string, status: RunRow["status"], more: Partial<RunRow> = {}): RunRow => ({ id, status, word: "", isFinal: true, isDraft: false, isSingle: false, isCheck: false, ago: "", at: "", by: "", operations: 1, name: null, whyNot: "", ...more });

test("the guide ends with a live run that did its work, and not before", () => {
  assert.equal(lastLive([], ""), "none");
  assert.equal(lastLive([run("3", "success", { isDraft: true }), run("2", "success", { isSingle: true })], ""), "none");
  assert.equal(lastLive([run("3", "running", { isFinal: false }), run("2", "error")], ""), "bad");
  assert.equal(lastLive([run("3", "success"), run("2", "error")], ""), "good");
  // What ran before the version was published says nothing of it.
  assert.equal(lastLive([run("3", "success", { isDraft: true }), run("2", "success"), run("1", "success")], "2"), "none");
  assert.equal(lastLive([run("4", "success"), run("2", "error")], "2"), "good");
});
