import { open } from "./.canvas-dev.mjs";
const { browser, context } = await open();
const page = await context.newPage();
await page.route("**/editor-*.js", (r) => r.abort());
for (const css of ["", "#world{display:none}", "#canvas{display:none}", "#stage{display:none}", "#stage{content-visibility:hidden}", "#stage.is-many #world{display:none}", ".is-culled,x .far text{display:none}"]) {
  const body = await (await context.request.get("/scenarios/4/edit")).text();
  await page.route("**/edit", (route) => route.fulfill({ status: 200, contentType: "text/html", body: body.replace('<section id="stage"', '<section id="stage" class="is-many"').replace("</head>", css ? `<link rel=stylesheet href="/assets/x.css"></head>` : "</head>") }));
  await page.unroute("**/x.css").catch(() => {});
  await page.route("**/x.css", (route) => route.fulfill({ status: 200, contentType: "text/css", body: css }));
  await browser.startTracing(page, { categories: ["devtools.timeline"] });
  await page.goto("/scenarios/4/edit"); await page.waitForTimeout(600);
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
  console.log(css, traceEvents.filter((e) => ["UpdateLayoutTree", "Layout"].includes(e.name) && e.dur > 5000).map((e) => `${e.name} ${Math.round((e.tdur ?? e.dur) / 1000)} ${e.args.elementCount ?? ""}`).join(", "));
  await page.unroute("**/edit");
}
await browser.close();
