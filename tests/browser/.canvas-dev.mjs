// dev helper (removed at the end): context with local assets
import { chromium } from "playwright-core";
import { readFileSync, existsSync } from "node:fs";
export const base = "http://127.0.0.1:8204";
export const STATE = "/var/tmp/try/canvas/state.json";
export async function open(options = {}) {
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--headless=new", "--no-sandbox", "--disable-gpu"] });
  const context = await browser.newContext({ baseURL: base, viewport: { width: 1440, height: 900 }, locale: "en-GB", ...(existsSync(STATE) ? { storageState: STATE } : {}), ...options });
  if (process.env.DIST) await context.route("**/edit", async (route) => { const r = await route.fetch(); const body = (await r.text()); const many = (body.match(/data-key="[^"]*" data-app/g) ?? []).length > 150; await route.fulfill({ response: r, body: many && !process.env.OLD ? body.replace('<section id="stage"', '<section id="stage" class="is-many"') : body }); });
  const dist = process.env.DIST;
  if (dist) {
    const manifest = JSON.parse(readFileSync(`${dist}/manifest.json`, "utf8"));
    await context.route("**/assets/**", async (route) => {
      const name = new URL(route.request().url()).pathname.split("/").pop();
      const m = /^(editor|app|grid)-[A-Z0-9]+\.(js|css)$/.exec(name);
      const file = m ? manifest[`${m[1]}.${m[2]}`] : name;
      if (!existsSync(`${dist}/${file}`)) { if (/chunk/.test(name)) return route.fulfill({ status: 200, contentType: "text/javascript", body: "" }); return route.continue(); }
      const type = file.endsWith("css") ? "text/css" : file.endsWith("svg") ? "image/svg+xml" : file.endsWith("woff2") ? "font/woff2" : "text/javascript";
      await route.fulfill({ status: 200, contentType: type, headers: { "cache-control": "public, max-age=31536000, immutable" }, body: readFileSync(`${dist}/${file}`) });
    });
  }
  return { browser, context };
}
