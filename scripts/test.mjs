// Compiles the tests and runs them: unit tests (src/**/*.test.ts) share one process, each end-to-end file
// (test/**/*.test.ts) has its own. `npm test -- PATTERN…` keeps the files whose path contains a pattern.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import path from "node:path";
import { build } from "esbuild";

const patterns = process.argv.slice(2);
const wanted = (file) => patterns.length === 0 || patterns.some((pattern) => file.includes(pattern));
const testFiles = (root) =>
  readdirSync(root, { recursive: true })
    .map((file) => path.join(root, file))
    .filter((file) => file.endsWith(".test.ts") && wanted(file))
    .sort();

const unit = testFiles("src");
const endToEnd = testFiles("test");
if (unit.length + endToEnd.length === 0) {
  console.error(`No test file matches ${patterns.join(" ")}`);
  process.exit(1);
}
await rm("build", { recursive: true, force: true });
await build({
  entryPoints: [...unit, ...endToEnd],
  outdir: "build",
  outbase: ".",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20.19",
  external: ["koffi", "esbuild", "fast-check"],
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
  sourcemap: true,
  logLevel: "warning",
});
const compiled = (file) => path.join("build", file.replace(/\.ts$/, ".js"));
const targets = endToEnd.map(compiled);
if (unit.length > 0) {
  await writeFile(
    "build/unit.test.js",
    unit.map((file) => `import "./${path.relative("build", compiled(file))}";\n`).join(""),
  );
  targets.unshift("build/unit.test.js");
}
const concurrency = Math.max(1, Math.min(2, availableParallelism()));
const run = spawnSync(
  process.execPath,
  ["--enable-source-maps", "--test", `--test-concurrency=${concurrency}`, "--test-reporter=spec", ...targets],
  { stdio: "inherit" },
);
process.exit(run.status ?? 1);
