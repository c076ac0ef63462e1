// The rows of the benchmark in JavaScript. Reads {rows, parse} from the
// standard input and writes nanoseconds by row, for functions that V8 compiled
// once and for scripts that run in a context of their own.
"use strict";

const path = require("path");
const vm = require("vm");

let moment = null;
try {
  moment = require(path.join(process.env.EXPR_PEER || "/var/tmp/expr-node", "node_modules/moment"));
} catch {
  process.stderr.write("moment is not installed; rows with dates are left out\n");
}

/** A value within a text: nothing is empty, dates are ISO 8601, collections are JSON. */
function text(value) {
  if (typeof value === "string") return value;
  if (value === undefined || value === null) return "";
  if (value instanceof Date) return value.toISOString();
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Median nanoseconds of one call, over nine runs of at least 80 ms. */
function measure(run) {
  let count = 1;
  for (;;) {
    const taken = time(run, count);
    if (taken > 8e7) break;
    count = Math.max(count + 1, Math.ceil(count * Math.min(20, 1.2e8 / Math.max(taken, 1))));
  }
  const samples = Array.from({ length: 9 }, () => time(run, count) / count);
  return samples.sort((a, b) => a - b)[4];
}

let sink;
function time(run, count) {
  const start = process.hrtime.bigint();
  for (let turn = 0; turn < count; turn++) sink = run(turn);
  return Number(process.hrtime.bigint() - start);
}

function measureRow(row, result) {
  if (row.javascript.includes("moment") && !moment) return;
  const turns = row.bundles.map(bundle => ({ 1: JSON.parse(bundle), 2: { ok: true }, 3: { ok: true } }));
  const compiled = new Function("text", "moment", `return $ => ${row.javascript}`)(text, moment);
  result.function[row.name] = measure(turn => compiled(turns[turn % turns.length]));
  const sandbox = vm.createContext({ text, moment, $: null });
  const script = new vm.Script(row.javascript);
  result.script[row.name] = measure(turn => {
    sandbox.$ = turns[turn % turns.length];
    return script.runInContext(sandbox);
  });
}

/** Every time with other names, as V8 keeps what it has compiled by its text. */
function measureParsing(texts, result) {
  let round = 0;
  const compileAll = () => {
    round++;
    for (const source of texts) sink = new Function("$", `return ${source}/*${round}*/`);
  };
  result.function["parse synthetic"] = measure(compileAll);
}

const result = { function: {}, script: {} };
const task = JSON.parse(require("fs").readFileSync(0, "utf8"));
for (const row of task.rows) measureRow(row, result);
measureParsing(task.parse, result);
process.stdout.write(JSON.stringify(result));
