import { open, STATE } from "./.canvas-dev.mjs";
const { browser, context } = await open();
const page = await context.newPage();
await page.goto(process.argv[2]);
await context.storageState({ path: STATE });
console.log(page.url());
await browser.close();
