import { open } from "./.canvas-dev.mjs";
const ids = (process.argv[2] ?? "").split(",");
const { browser, context } = await open();
for (const id of ids) for (let n = 0; n < 4; n++) {
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await cdp.send("Performance.enable");
  await page.addInitScript(() => { new MutationObserver((_, o) => { if (document.documentElement?.classList.contains("is-ready")) { window.ready_ = performance.now(); o.disconnect(); } }).observe(document, { subtree: true, attributes: true, attributeFilter: ["class"], childList: false }); });
  const t = Date.now();
  await page.goto(`/scenarios/${id}/edit`, { waitUntil: "commit" });
  await page.waitForFunction(() => document.documentElement.classList.contains("is-ready"));
  const wall = Date.now() - t;
  const { metrics } = await cdp.send("Performance.getMetrics");
  const m = (name) => Math.round((metrics.find((x) => x.name === name)?.value ?? 0) * 1000);
  const nav = await page.evaluate(() => { const n = performance.getEntriesByType("navigation")[0]; const fcp = performance.getEntriesByName("first-contentful-paint")[0]; return { ttfb: Math.round(n.responseStart), html: Math.round(n.responseEnd), interactive: Math.round(n.domInteractive), ready: Math.round(window.ready_ ?? 0), fcp: Math.round(fcp?.startTime ?? 0), kb: Math.round(n.decodedBodySize / 1000), nodes: document.querySelectorAll("*").length, modules: document.querySelectorAll("#nodes .node").length }; });
  console.log(id, "wall", wall, nav, "script", m("ScriptDuration"), "layout", m("LayoutDuration"), "style", m("RecalcStyleDuration"), "task", m("TaskDuration"));
  await page.close();
}
await browser.close();
