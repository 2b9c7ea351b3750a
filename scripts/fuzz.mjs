// Fuzzes parsers, matchers, unpacking and selection (fuzz/), each target in a process that is watched:
//
//   npm run fuzz [-- --minutes=1] [--seed=N] [TARGET…]
//
// A seed that takes longer than ten seconds is a hang: it is reported, and the target goes on with the next one. A finding is made
// again with `--seed=N TARGET`, minutes=0.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";
import { readArguments } from "./arguments.mjs";

const hangMs = 10_000;
const { options, names: given } = readArguments(import.meta.filename, { minutes: "number", seed: "number" });
const { minutes = 1, seed: firstSeed = Date.now() % 1e9 } = options;
const dir = mkdtempSync(path.join(tmpdir(), "slipway-fuzz-"));
const bundle = path.resolve(`build/fuzz-${process.pid}.mjs`);
process.on("exit", () => {
  for (const file of [dir, bundle]) rmSync(file, { recursive: true, force: true });
});
process.on("SIGINT", () => process.exit(130));

await build({
  entryPoints: ["fuzz/main.ts"],
  outfile: bundle,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20.19",
  external: ["koffi"],
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
  sourcemap: "inline",
  logLevel: "warning",
});
const targets = given.length > 0 ? given : (await output([])).split("\n").filter(Boolean);
let findings = 0;
for (const target of targets) await fuzz(target);
process.exitCode = findings > 0 ? 1 : 0;

async function fuzz(target) {
  const deadline = Date.now() + (minutes * 60_000) / targets.length;
  let seed = firstSeed;
  do {
    const last = await watched(target, seed, deadline);
    console.log(`${target}: seeds ${seed} to ${last}`);
    seed = last + 1;
  } while (Date.now() < deadline);
}

/** Runs a target until the deadline or a hang; returns the last seed that was tried. */
function watched(target, seed, deadline) {
  const seedFile = path.join(dir, target);
  writeFileSync(seedFile, `${seed}`);
  const lastSeed = () => Number(readFileSync(seedFile, "utf8")) || seed;
  return new Promise((resolve, reject) => {
    const args = ["--enable-source-maps", bundle, target, `${seed}`, `${deadline}`, seedFile];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    let [previous, sinceMs] = [seed, Date.now()];
    const watch = setInterval(() => {
      if (lastSeed() !== previous) [previous, sinceMs] = [lastSeed(), Date.now()];
      else if (Date.now() - sinceMs > hangMs) child.kill("SIGKILL");
    }, 1000);
    createInterface(child.stdout).on("line", (line) => report(target, line));
    child.on("error", reject).on("close", (code, signal) => {
      clearInterval(watch);
      if (code !== 0) {
        findings += 1;
        console.log(
          `✖ ${target} seed ${lastSeed()}: ${signal ? `hangs for ${hangMs} ms` : `exited with ${code}`}`,
        );
      }
      resolve(lastSeed());
    });
  });
}

function report(target, line) {
  const { seed, message, input } = JSON.parse(line);
  findings += 1;
  console.log(`✖ ${target} seed ${seed}: ${message}\n  input: ${JSON.stringify(input)}`);
}

function output(args) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [bundle, ...args], { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (chunk) => (text += chunk));
    child.on("close", () => resolve(text));
  });
}
