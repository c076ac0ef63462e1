import { open } from "./.canvas-dev.mjs";
const [width, scheme, path, out, ...acts] = process.argv.slice(2);
const { browser, context } = await open({ viewport: { width: Number(width), height: width < 500 ? 844 : 900 }, colorScheme: scheme, deviceScaleFactor: 1, hasTouch: width < 500, isMobile: width < 500 });
const page = await context.newPage();
await page.goto(path); await page.waitForTimeout(900);
for (const act of acts) { if (act.startsWith("js:")) await page.evaluate(act.slice(3)); else if (/^\d+$/.test(act)) await page.waitForTimeout(Number(act)); else await page.click(act); await page.waitForTimeout(500); }
await page.screenshot({ path: `/var/tmp/try/canvas/${out}.png` });
await browser.close();
