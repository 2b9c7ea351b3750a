// Times builds side by side: slipway (dist/) against docker build (BuildKit) and buildah, in one run, and prints ratios.
//
//   npm run bench [-- SCENARIO…] [--runs=N] [--json] [--only=docker]
//
// SLIPWAY_BENCH_PEER    a command that runs the rivals, e.g. `chroot-into-peers`; default: docker and buildah from PATH
// SLIPWAY_BENCH_MIRROR  a registry on loopback that serves busybox, golang and alpine in place of docker.io
//
// Cold means: base images are there and unpacked, no step is cached. Times are wall seconds, the best of N runs.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { readArguments } from "../scripts/arguments.mjs";
import { rivals, slipway } from "./builders.mjs";
import { scenarios } from "./scenarios.mjs";

const { options, names } = readArguments(import.meta.filename, {
  runs: "number",
  json: "flag",
  only: "string",
});
const { runs = 3, only } = options;
const unknown = names.filter((name) => !scenarios.some((scenario) => scenario.name === name));
if (unknown.length > 0) {
  console.error(
    `No such scenario: ${unknown.join(", ")}. There are: ${scenarios.map(({ name }) => name).join(", ")}`,
  );
  process.exit(2);
}

const dir = mkdtempSync(path.join(tmpdir(), "slipway-bench-"));
process.on("exit", () => rmSync(dir, { recursive: true, force: true }));
process.on("SIGINT", () => process.exit(130));

const builders = [slipway(dir), ...rivals().filter(({ name }) => only === undefined || name === only)];
const empty = emptyNodeScript();
console.log(`An empty Node script: ${empty.toFixed(3)} s. Best of ${runs}, seconds.\n`);
console.log(row("work", ...builders.map(({ name }) => name), "ratios"));
console.log(row("---", ...builders.map(() => "---:"), "---"));
const results = [];
for (const scenario of scenarios.filter(({ name }) => names.length === 0 || names.includes(name))) {
  results.push(...measure(scenario));
}
if (options.json) console.log(JSON.stringify({ emptyNodeScript: empty, results }, undefined, 2));

/** All phases of one scenario; builders take turns within a run, so that a slow moment of the machine hits all of them. */
function measure(scenario) {
  const best = new Map();
  /** Rivals that cannot build this scenario here. */
  const failed = new Set();
  const phases = ["cold", "no-op", ...(scenario.edit ? ["edit"] : [])];
  for (let run = 0; run < runs; run++) {
    for (const builder of builders) {
      if (failed.has(builder)) continue;
      const context = path.join(dir, `${scenario.name}-${builder.name}`);
      try {
        scenario.create(context);
        builder.forget(scenario);
        for (const phase of phases) {
          if (phase === "edit") scenario.edit(context, run);
          const taken = builder.build(context, scenario);
          const key = `${phase} ${builder.name}`;
          best.set(key, Math.min(best.get(key) ?? Number.POSITIVE_INFINITY, taken));
        }
      } catch (error) {
        if (builder === builders[0]) throw error;
        console.error(`${scenario.name}: ${builder.name} is left out: ${error.message}`);
        failed.add(builder);
      }
      rmSync(context, { recursive: true, force: true });
    }
  }
  return phases.map((phase) => report(scenario, phase, best));
}

function report(scenario, phase, best) {
  const times = builders.map(({ name }) => best.get(`${phase} ${name}`));
  const [ours, ...others] = times;
  const ratios = others.flatMap((other, index) =>
    other === undefined ? [] : [`${(other / ours).toFixed(1)}× ${builders[index + 1].name}`],
  );
  const shown = times.map((time) => time?.toFixed(2) ?? "-");
  console.log(row(`${scenario.title}: ${phase}`, ...shown, ratios.join(", ")));
  return {
    scenario: scenario.name,
    phase,
    seconds: Object.fromEntries(builders.map(({ name }, i) => [name, times[i]])),
  };
}

function row(...cells) {
  return `| ${cells.join(" | ")} |`;
}

function emptyNodeScript() {
  const script = path.join(dir, "empty.mjs");
  writeFileSync(script, "");
  const times = Array.from({ length: 5 }, () => slipway.time(process.execPath, [script]));
  return Math.min(...times);
}
