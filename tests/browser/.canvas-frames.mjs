// Frames of the editor's canvas with 12, 300 and 1,000 modules, under a real
// mouse and wheel. Run by hand against a running server:
//   node tests/browser/frames.mjs http://127.0.0.1:8080 SIGN-IN-LINK [sizes]
// Prints a table; figures are only comparable on one machine.
const [base, link, sizes = "12,300,1000"] = process.argv.slice(2);
if (!base || !link) throw new Error("usage: node frames.mjs URL SIGN-IN-LINK [sizes]");
process.env.ROUAGE_TEST_URL = base;
process.env.ROUAGE_TEST_LINKS = link;
process.env.ROUAGE_TEST_CHROMIUM ??= "/usr/bin/chromium";
const { importText } = await import("./support.mjs");
const { chromium } = await import("playwright-core");

const STEPS = 90;
const APPS = ["google-sheets:addRow", "http:ActionSendData", "json:ParseJSON", "email:ActionSendEmail", "datastore:AddRecord", "slack:CreateMessage", "util:SetVariable2"];

/** A scenario of so many modules: routers of four routes, filters on every
 *  third line, loops, error routes and notes, as real ones have. */
function scenario(count) {
  let id = 0;
  const notes = [];
  const module = (name) => {
    id += 1;
    if (id % 40 === 0) notes.push({ moduleIds: [id], content: `<p>What module ${id} is for, in a line or two.</p>`, isFilterNote: false, metadata: { color: "#9138FE" } });
    const filter = id % 3 === 0 ? { filter: { name: `Only when ${id}`, conditions: [[{ a: `{{1.x}}`, o: "exist" }]] } } : {};
    return { id, module: name, version: 1, parameters: {}, mapper: {}, ...filter, metadata: { designer: {} } };
  };
  const flow = (left) => {
    const modules = [];
    while (left > 0) {
      if (left > 9 && modules.length >= 6) {
        const router = module("builtin:BasicRouter");
        const part = Math.floor((left - 1) / 4);
        router.routes = [part, part, part, left - 1 - 3 * part].map((size) => ({ flow: flow(size) }));
        return [...modules, router];
      }
      const next = module(APPS[id % APPS.length]);
      left -= 1;
      if (left > 4 && id % 11 === 0) {
        next.onerror = [module("builtin:Ignore")];
        left -= 1;
      }
      modules.push(next);
    }
    return modules;
  };
  const name = `Frames with ${count} modules`;
  return JSON.stringify({ name, flow: flow(count), metadata: { version: 1, designer: { orphans: [] }, notes } });
}

const { open } = await import("./.canvas-dev.mjs"); const { browser, context } = await open();
const page = await context.newPage();
const cdp = await context.newCDPSession(page);
await cdp.send("Performance.enable", { timeDomain: "threadTicks" });

async function busy() {
  const { metrics } = await cdp.send("Performance.getMetrics");
  return metrics.find((metric) => metric.name === "TaskDuration").value * 1000;
}

/** Frames a second, the slowest frame in twenty, and the work of the page's
 *  thread for each step of the mouse. */
async function measure(steps, act) {
  await page.evaluate(() => {
    window.frames_ = [];
    const tick = (now) => {
      window.frames_.push(now);
      window.tick_ = requestAnimationFrame(tick);
    };
    window.tick_ = requestAnimationFrame(tick);
  });
  const before = await busy();
  await act();
  const work = (await busy()) - before;
  const times = await page.evaluate(() => {
    cancelAnimationFrame(window.tick_);
    return window.frames_;
  });
  const gaps = times.slice(1).map((time, index) => time - times[index]).sort((a, b) => a - b);
  const fps = ((times.length - 1) * 1000) / (times.at(-1) - times[0]);
  return { fps: Math.round(fps), slow: Math.round(gaps[Math.floor(gaps.length * 0.95)] ?? 0), work: Math.round((work / steps) * 10) / 10 };
}

async function dragBy(x, y, dx, dy, halfWay = async () => undefined) {
  await page.mouse.move(x, y);
  await page.mouse.down();
  for (let step = 1; step <= STEPS; step += 1) {
    // There and back again, so that nothing leaves the window.
    const part = step <= STEPS / 2 ? step : STEPS - step;
    await page.mouse.move(x + (dx * part) / STEPS, y + (dy * part) / STEPS);
    await page.waitForTimeout(6);
    if (step === STEPS / 2) await halfWay();
  }
  await page.mouse.up();
}

/** A point of the canvas where nothing is. */
async function emptyPoint() {
  return page.evaluate(() => {
    for (let y = 90; y < innerHeight - 120; y += 14) {
      for (let x = 40; x < innerWidth - 40; x += 14) {
        if (document.elementFromPoint(x, y)?.closest(".node, .wire, .filter, [data-note], #dock, #side, #minimap") === null) return { x, y };
      }
    }
    return { x: 20, y: 100 };
  });
}

async function zoomTo100() {
  for (let tries = 0; tries < 60; tries += 1) {
    const percent = Number((await page.locator("#zoom").textContent()).replace(/\D/g, ""));
    if (Math.abs(percent - 100) <= 4) return;
    await page.mouse.move(720, 420);
    await page.keyboard.down("Control");
    await page.mouse.wheel(0, percent < 100 ? -12 : 12);
    await page.keyboard.up("Control");
    await page.waitForTimeout(30);
  }
}

const rows = [];
for (const count of sizes.split(",").map(Number)) {
  const path = await importText(page, scenario(count));
  const started = Date.now();
  await page.goto(`${path}/edit`);
  await page.waitForFunction(() => document.documentElement.classList.contains("is-ready"));
  const ready = Date.now() - started;
  await page.waitForTimeout(1_500);
  // What is far away is not in the page; the name of the drawing has the number.
  const shown = Number(/\d+/.exec((await page.locator("#canvas").getAttribute("aria-label")) ?? "")?.[0] ?? 0);
  await page.click('[data-act="fit"]');
  await page.waitForTimeout(300);
  const outside = await emptyPoint();
  const far = await measure(STEPS, () => dragBy(outside.x, outside.y, 500, 240));
  const zoom = await measure(60, async () => {
    await page.mouse.move(620, 420);
    await page.keyboard.down("Control");
    for (let step = 0; step < 60; step += 1) {
      await page.mouse.wheel(0, step < 30 ? -22 : 22);
      await page.waitForTimeout(10);
    }
    await page.keyboard.up("Control");
  });
  await zoomTo100();
  // Into the thick of it: the view goes where the focus is.
  await page.evaluate(() => {
    const nodes = document.querySelectorAll("#nodes .node");
    nodes[Math.floor(nodes.length * 0.6)].focus();
  });
  await page.waitForTimeout(500);
  const inside = await emptyPoint();
  const near = await measure(STEPS, () => dragBy(inside.x, inside.y, 700, 300));
  const wheel = await measure(STEPS, async () => {
    for (let step = 0; step < STEPS; step += 1) {
      await page.mouse.wheel(step < STEPS / 2 ? 40 : -40, 8);
      await page.waitForTimeout(8);
    }
  });
  await page.evaluate(() => document.activeElement.blur());
  const disc = await page.evaluate(async () => {
    const free = (element) => {
      const rect = element.getBoundingClientRect();
      const [x, y] = [rect.left + rect.width / 2, rect.top + rect.height / 2];
      const isInside = x > 60 && x < innerWidth - 60 && y > 100 && y < innerHeight - 130;
      return isInside && document.elementFromPoint(x, y) === element ? { x, y, key: element.parentElement.dataset.key } : undefined;
    };
    // Back into view, whatever the panning has left there.
    const nodes = document.querySelectorAll("#nodes .node");
    nodes[Math.floor(nodes.length * 0.6)].focus();
    await new Promise((done) => setTimeout(done, 300));
    return [...document.querySelectorAll("#nodes .node > .disc")].map(free).find(Boolean);
  });
  if (!disc) throw new Error("no module is seen that could be dragged");
  const place = () => page.locator(`#nodes .node[data-key="${disc.key}"]`).getAttribute("transform");
  let moved = false;
  const before = await place();
  const drag = await measure(STEPS, async () => {
    await dragBy(disc.x, disc.y, disc.x < 720 ? 380 : -380, disc.y < 450 ? 320 : -320, async () => (moved = (await place()) !== before));
  });
  if (!moved) throw new Error("the module did not move");
  await page.keyboard.press("Escape");
  const cell = ({ fps, slow, work }) => `${String(fps).padStart(3)} fps, ${String(slow).padStart(3)} ms, ${String(work).padStart(5)} ms`;
  rows.push([String(shown).padStart(7), `${String(ready).padStart(5)} ms`, cell(near), cell(wheel), cell(far), cell(zoom), cell(drag)]);
}
console.log("Each cell: frames a second, the slowest frame in twenty, work of the page's thread a step.");
const head = ["modules", "  ready", "pan at 100 %, mouse", "pan at 100 %, wheel", "pan, all seen", "zoom", "drag a module"];
for (const row of [head, ...rows]) console.log(`| ${row.map((text, index) => text.padEnd(rows[0][index].length)).join(" | ")} |`);
await browser.close();
