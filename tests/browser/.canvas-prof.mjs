import { open } from "./.canvas-dev.mjs";
const { browser, context } = await open();
const total = {}; const incl = {}; const N = 4;
for (let n = 0; n < N; n++) {
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await cdp.send("Profiler.enable"); await cdp.send("Profiler.setSamplingInterval", { interval: 200 });
  await cdp.send("Profiler.start");
  await page.goto(`/scenarios/${process.argv[2]}/edit`, { waitUntil: "commit" });
  await page.waitForFunction(() => document.documentElement.classList.contains("is-ready"));
  await page.waitForTimeout(500);
  const { profile } = await cdp.send("Profiler.stop");
  const nodes = new Map(profile.nodes.map((x) => [x.id, x])); const parent = new Map(); for (const x of profile.nodes) for (const c of x.children ?? []) parent.set(c, x.id);
  profile.samples.forEach((id, i) => { const d = profile.timeDeltas[i] / 1000 / N; const x = nodes.get(id); const name = (y) => `${y.callFrame.functionName || "(anon)"} ${y.callFrame.url.split("/").pop().slice(0, 14)}:${y.callFrame.lineNumber}`; total[name(x)] = (total[name(x)] ?? 0) + d; const seen = new Set(); for (let y = id; y; y = parent.get(y)) { const m = name(nodes.get(y)); if (!seen.has(m)) { seen.add(m); incl[m] = (incl[m] ?? 0) + d; } } });
  await page.close();
}
const show = (o) => Object.entries(o).filter(([k]) => !/\((idle|program|root)\)/.test(k)).sort((a, b) => b[1] - a[1]).slice(0, 28).map(([k, v]) => `${v.toFixed(1)} ${k}`).join("\n");
console.log("SELF\n" + show(total)); console.log("\nTOTAL\n" + show(incl));
await browser.close();
