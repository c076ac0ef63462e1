// Runs the unit tests of the scripts (`*.test.ts`) with node's own runner.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const tests = readdirSync(join(here, "scripts"), { recursive: true }).filter((name) => name.endsWith(".test.ts"));
if (tests.length === 0) throw new Error("there are no tests");
const out = mkdtempSync(join(tmpdir(), "rouage-scripts-"));
try {
  await build({
    absWorkingDir: here,
    entryPoints: tests.map((name) => join(here, "scripts", name)),
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    outdir: out,
    outExtension: { ".js": ".mjs" },
    sourcemap: "inline",
    logLevel: "warning",
  });
  const built = readdirSync(out, { recursive: true }).filter((name) => name.endsWith(".test.mjs")).map((name) => join(out, name));
  const { status } = spawnSync(process.execPath, ["--test", ...built], { stdio: "inherit", cwd: here });
  process.exitCode = status ?? 1;
} finally {
  rmSync(out, { recursive: true, force: true });
}
