// Builds every target of both examples with slipway, runs what they made and prints what it took. Called by ./demo.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { makeStandIns } from "./stand-ins.mjs";

const home = path.resolve(".demo");
mkdirSync(home, { recursive: true });
const env = { ...process.env, SLIPWAY_ROOT: path.join(home, "store") };

const examples = [
  {
    name: "go",
    targets: [
      { target: "develop", command: ["go", "version"] },
      { target: "builder", command: ["/go/src/main", "builder"] },
      { target: undefined, command: [] },
    ],
  },
  {
    name: "python",
    isPossible: hasPackageIndex,
    targets: [
      { target: "stage", command: ["python3", "-m", "django", "--version"] },
      {
        target: "develop",
        mount: "/opt/app",
        command: ["coverage", "run", "--data-file=/tmp/c", "manage.py", "test"],
      },
      { target: "production", mount: "/opt/app", command: ["gunicorn", "--check-config", "project.wsgi"] },
    ],
  },
];

haveBaseImages();
const rows = examples.filter(({ isPossible }) => isPossible?.() ?? true).flatMap(buildExample);
printTable(["image", "target", "stages built", "stages skipped", "size", "cold", "again"], rows);

function haveBaseImages() {
  say("Looking for a registry that has alpine:latest");
  const pulled = slipway(["pull", "alpine:latest"]);
  if (pulled.status === 0) return;
  const reason =
    pulled.stderr
      .trim()
      .split("\n")
      .find((line) => line.startsWith("ERROR")) ?? pulled.stderr.trim();
  say("No public registry can be reached:", reason);
  say(
    "The base images are therefore STAND-INS, made from Debian packages under the names that the Dockerfiles use.",
  );
  makeStandIns({ home, say, slipway: mustSlipway });
}

function hasPackageIndex() {
  say("Looking for a Python package index");
  const pip = [
    "pip",
    "download",
    "--quiet",
    "--no-deps",
    "--timeout=5",
    "--retries=0",
    "-d",
    "/tmp/x",
    "gunicorn",
  ];
  const tried = slipway(["run", "python:3.7", ...pip]);
  if (tried.status === 0) return true;
  say("No package index can be reached, so the Python example is left out:", lastLine(tried.stderr));
  return false;
}

function buildExample({ name, targets }) {
  const context = `examples/${name}`;
  return targets.map(({ target, command, mount }) => {
    const image = `demo-${name}:${target ?? "production"}`;
    const flags = ["-t", image, ...(target ? ["--target", target] : []), context];
    say(`slipway build ${flags.join(" ")}`);
    const cold = timedBuild(["--no-cache", ...flags]);
    const again = timedBuild(flags);
    const binds = mount ? ["-v", `${path.resolve(context)}:${mount}:ro`] : [];
    say(`slipway run ${[...binds, image, ...command].join(" ")}`);
    process.stdout.write(indent(mustSlipway(["run", ...binds, image, ...command])));
    const built = cold.metadata["slipway.stages.built"].join(" ");
    const skipped = cold.metadata["slipway.stages.skipped"].join(" ") || "-";
    return [image, target ?? "(last)", built, skipped, sizeOf(image), seconds(cold.ms), seconds(again.ms)];
  });
}

function timedBuild(flags) {
  const file = path.join(home, "metadata.json");
  const startedAt = performance.now();
  mustSlipway(["build", "--progress=plain", "--metadata-file", file, ...flags]);
  const ms = performance.now() - startedAt;
  return { ms, metadata: JSON.parse(readFileSync(file, "utf8")) };
}

function sizeOf(image) {
  const images = mustSlipway(["images", image]).trim().split("\n");
  return images[1]
    .trim()
    .split(/\s{2,}/)
    .at(-1);
}

function mustSlipway(args) {
  const result = slipway(args);
  if (result.status === 0) return result.stdout + (args[0] === "run" ? result.stderr : "");
  process.stderr.write(result.stderr);
  console.error(`error: slipway ${args.join(" ")} failed with ${result.status}`);
  process.exit(1);
}

function slipway(args) {
  return spawnSync(process.execPath, ["bin/slipway", ...args], { env, encoding: "utf8", maxBuffer: 1 << 28 });
}

function printTable(header, body) {
  const widths = header.map((_, column) =>
    Math.max(...[header, ...body].map((cells) => cells[column].length)),
  );
  const line = (cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column]))
      .join("  ")
      .trimEnd();
  console.log(`\n${[header, ...body].map(line).join("\n")}`);
}

function seconds(ms) {
  return `${(ms / 1000).toFixed(2)}s`;
}

function lastLine(text) {
  return text.trim().split("\n").at(-1);
}

function indent(text) {
  return text.replace(/^(?=.)/gm, "    ");
}

function say(...words) {
  console.log("==>", ...words);
}
