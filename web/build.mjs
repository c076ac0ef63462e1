// Bundles scripts, styles, fonts and the icon sprite into a folder, with
// hashed names, compressed twins and a manifest. Usage: node build.mjs DIR
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(process.argv[2] ?? join(here, "dist"));

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

const manifest = {};
/** By entry: the files that it cannot begin without. */
const needed = {};
await bundle();
sprite();
writeFileSync(join(out, "manifest.json"), JSON.stringify(manifest, null, 2));
writeFileSync(join(out, "needed.txt"), Object.entries(needed).map(([entry, files]) => [entry, ...files].join(" ")).join("\n"));
for (const name of Object.values(manifest)) compress(join(out, name));
sizes();

/** Every script and style at the top of its folder is an entry of its own: a
 *  page loads one file of each. What a script imports lazily is a chunk beside
 *  it, so that a page pays for it on first use only. */
async function bundle() {
  const top = (folder, extension) =>
    readdirSync(join(here, folder)).filter((name) => name.endsWith(extension)).map((name) => join(here, folder, name));
  await outputs([...top("styles", ".css")], {});
  // One by one: bundled together, entries would share chunks as well.
  for (const script of top("scripts", ".ts")) await outputs([script], { splitting: true, chunkNames: "[name]-[hash]" });
}

/** Bundles entries and lists what came out in the manifest. */
async function outputs(entryPoints, options) {
  const result = await build({
    absWorkingDir: here,
    entryPoints,
    bundle: true,
    minify: true,
    format: "esm",
    target: ["es2022", "chrome120", "firefox121", "safari17.5"],
    outdir: out,
    entryNames: "[name]-[hash]",
    assetNames: "[name]-[hash]",
    publicPath: "/assets/",
    loader: { ".woff2": "file" },
    metafile: true,
    logLevel: "warning",
    ...options,
  });
  for (const [path, output] of Object.entries(result.metafile.outputs)) {
    const name = basename(path);
    // A lazy chunk has an entry point too, but nobody asks for it by its source.
    const isEntry = entryPoints.some((entry) => output.entryPoint && resolve(here, output.entryPoint) === entry);
    const source = isEntry ? basename(output.entryPoint).replace(/\.ts$/, ".js") : name;
    manifest[source] = name;
    const imported = output.imports.filter(({ kind }) => kind === "import-statement").map((file) => basename(file.path));
    if (isEntry && imported.length > 0) needed[source] = imported;
  }
}

/** One file of symbols, drawn with the colour of the text around them. */
function sprite() {
  const { icons, aliases } = JSON.parse(readFileSync(join(here, "node_modules/@iconify-json/lucide/icons.json"), "utf8"));
  const names = readFileSync(join(here, "icons/names.txt"), "utf8").split(/\s+/).filter(Boolean);
  // `app=icon` gives an icon of lucide another name, for the apps.
  const pairs = names.map((entry) => [entry.split("=")[0], entry.split("=").at(-1)]);
  const symbols = pairs.map(([name, source]) => {
    const icon = icons[source] ?? icons[aliases[source]?.parent];
    if (!icon) throw new Error(`icons/names.txt: lucide has no icon ${source}`);
    return `<symbol id="${name}" viewBox="0 0 24 24" overflow="visible">${icon.body}</symbol>`;
  });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`;
  const hash = createHash("sha256").update(svg).digest("hex").slice(0, 8);
  manifest["icons.svg"] = `icons-${hash}.svg`;
  writeFileSync(join(out, manifest["icons.svg"]), svg);
  writeFileSync(join(out, "icons.txt"), pairs.map(([name]) => name).join("\n"));
}

/** Fonts are compressed already. */
function compress(path) {
  if (path.endsWith(".woff2")) return;
  const content = readFileSync(path);
  writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
  writeFileSync(`${path}.br`, brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
}

/** What a page pays for at first, and what comes when it is used. */
function sizes() {
  const size = (name) => readFileSync(join(out, `${name}.gz`)).length;
  const say = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
  const isFirst = new Set(Object.values(needed).flat());
  for (const [source, name] of Object.entries(manifest).filter(([source, name]) => source !== name && source.endsWith(".js"))) {
    const first = [name, ...(needed[source] ?? [])];
    console.log(`${source}: ${say(first.reduce((sum, file) => sum + size(file), 0))} gzip in ${first.length} files`);
  }
  const later = Object.entries(manifest).filter(([source, name]) => source === name && name.endsWith(".js") && !isFirst.has(name));
  console.log(`on first use: ${later.map(([name]) => `${name.replace(/-[^-]*$/, "")} ${say(size(name))}`).join(", ")}`);
}
