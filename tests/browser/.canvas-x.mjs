import { open } from "./.canvas-dev.mjs";
const { browser, context } = await open();
const page = await context.newPage();
await page.goto(`/scenarios/4/edit`, { waitUntil: "commit" });
await page.waitForSelector("#stage");
console.log(await page.evaluate(() => [document.querySelector("#stage").className, document.querySelector("#world") && getComputedStyle(document.querySelector("#world")).display, matchMedia("(scripting: enabled)").matches, document.styleSheets.length]));
await page.waitForFunction(() => document.documentElement.classList.contains("is-ready"));
console.log(await page.evaluate(() => [document.querySelector("#stage").className, document.querySelectorAll("#nodes .node").length, document.querySelectorAll("#nodes .node.is-culled").length, document.querySelectorAll("#nodes *").length, document.querySelectorAll("#links *").length, document.querySelectorAll("#filters *").length, document.querySelectorAll("*").length]));
await browser.close();
