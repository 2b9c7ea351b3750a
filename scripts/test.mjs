// Compiles the tests and runs them: unit tests (src/**/*.test.ts) share one process, each end-to-end file
// (tests/**/*.test.ts) has its own and drives dist/, which is built first. `npm test -- PATTERN…` keeps the files whose
// path contains a pattern.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { build } from "esbuild";

const patterns = process.argv.slice(2);
const outdir = `build/test-${process.pid}`;
const unit = testFiles("src");
const endToEnd = testFiles("tests");
if (unit.length + endToEnd.length === 0) {
  console.error(`No test file matches ${patterns.join(" ")}`);
  process.exit(1);
}
process.exitCode = await compileAndRun();
await rm(outdir, { recursive: true, force: true });

async function compileAndRun() {
  await build({
    entryPoints: [...unit, ...endToEnd],
    outdir,
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
  if (endToEnd.some((file) => file.startsWith("tests/e2e/"))) run("scripts/build.mjs");
  const compiled = (file) => path.join(outdir, file.replace(/\.ts$/, ".js"));
  const targets = endToEnd.map(compiled);
  if (unit.length > 0) {
    const all = path.join(outdir, "unit.test.js");
    const imports = unit.map((file) => `import "./${path.relative(outdir, compiled(file))}";\n`);
    await writeFile(all, imports.join(""));
    targets.unshift(all);
  }
  const options = ["--enable-source-maps", "--test", "--test-concurrency=2", "--test-reporter=spec"];
  return run(...options, ...targets);
}

function testFiles(root) {
  return readdirSync(root, { recursive: true })
    .map((file) => path.join(root, file))
    .filter((file) => file.endsWith(".test.ts"))
    .filter((file) => patterns.length === 0 || patterns.some((pattern) => file.includes(pattern)))
    .sort();
}

function run(...args) {
  const { status } = spawnSync(process.execPath, args, { stdio: "inherit" });
  if (status !== 0 && args[0].endsWith("build.mjs")) process.exit(status ?? 1);
  return status ?? 1;
}
