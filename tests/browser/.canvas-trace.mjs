import { open } from "./.canvas-dev.mjs";
const [id, runs = "3"] = process.argv.slice(2);
const { browser, context } = await open();
for (let n = 0; n < Number(runs); n++) {
  const page = await context.newPage();
  await browser.startTracing(page, { categories: ["devtools.timeline", "v8", "disabled-by-default-v8.cpu_profiler"].slice(0, 2) });
  const t = Date.now();
  await page.goto(`/scenarios/${id}/edit`, { waitUntil: "commit" });
  await page.waitForFunction(() => document.documentElement.classList.contains("is-ready"));
  const wall = Date.now() - t;
  await page.waitForTimeout(300);
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
  const main = traceEvents.filter((e) => e.name === "thread_name" && e.args.name === "CrRendererMain").map((e) => `${e.pid}/${e.tid}`);
  const by = {};
  const events = traceEvents.filter((e) => e.ph === "X" && main.includes(`${e.pid}/${e.tid}`)).sort((a, b) => a.ts - b.ts || b.dur - a.dur);
  const stack = [];
  for (const e of events) { while (stack.length && stack.at(-1).ts + stack.at(-1).dur <= e.ts) stack.pop(); if (stack.length) stack.at(-1).self -= e.tdur ?? e.dur; e.self = e.tdur ?? e.dur; stack.push(e); }
  for (const e of events) by[e.name] = (by[e.name] ?? 0) + e.self / 1000;
  console.log("wall", wall, Object.entries(by).sort((a, b) => b[1] - a[1]).slice(0, 14).map(([k, v]) => `${k} ${Math.round(v)}`).join(" | "));
  if (n === Number(runs) - 1) {
    const t0 = Math.min(...events.map((e) => e.ts).filter((x) => x > 0));
    for (const e of events.filter((e) => (e.dur ?? 0) > 15000).slice(0, 60)) console.log(Math.round((e.ts - t0) / 1000), e.name, Math.round(e.dur / 1000), e.args?.data?.functionName ?? e.args?.data?.url?.split("/").pop() ?? e.args?.elementCount ?? "");
  }
  await page.close();
}
await browser.close();
