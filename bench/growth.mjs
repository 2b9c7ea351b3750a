// Measures how the cost of a build where nothing changed grows with context files, steps and stages, and draws it.
//
//   npm run bench:growth [-- --runs=N] [PNG]       default: docs/growth.png; needs gnuplot
//
// No image and no container is needed: stages begin with scratch, steps copy. Times are milliseconds of CPU, user and system, of the
// best of N runs: what else the machine does changes them least.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { readArguments } from "../scripts/arguments.mjs";

const { options, names } = readArguments(import.meta.filename, { runs: "number" });
const { runs = 9 } = options;
const png = path.resolve(names[0] ?? "docs/growth.png");
const cli = path.resolve("bin/slipway");
const dir = mkdtempSync(path.join(tmpdir(), "slipway-growth-"));
process.on("exit", () => rmSync(dir, { recursive: true, force: true }));
process.on("SIGINT", () => process.exit(130));

const series = [
  { title: "steps", sizes: [10, 50, 100, 200, 350, 500, 800], create: steps },
  { title: "stages", sizes: [1, 10, 50, 100, 150, 200], create: stages },
  { title: "files in the context", sizes: [1000, 20_000, 50_000, 100_000, 200_000], create: files },
];
for (const { title, sizes, create } of series) for (const size of sizes) measure(title, size, create);
draw();

function measure(title, size, create) {
  const context = path.join(dir, "context");
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(context, { recursive: true });
  create(context, size);
  build(context);
  build(context); // the files are old enough to be trusted now
  const best = Math.min(...Array.from({ length: runs }, () => build(context)));
  console.log(`${title}\t${size}\t${best.toFixed(0)}`);
  series.find((one) => one.title === title).points ??= [];
  series.find((one) => one.title === title).points.push([size, best]);
}

function build(context) {
  const env = { ...process.env, SLIPWAY_ROOT: path.join(dir, "store") };
  const command = [cli, "build", "--quiet", "-t", "growth", context];
  const script = 'TIMEFORMAT="%U %S"; time "$@" >/dev/null';
  const { status, stderr } = spawnSync("bash", ["-c", script, "bash", ...command], { env, encoding: "utf8" });
  if (status !== 0) throw new Error(`slipway build exited with ${status}:\n${stderr}`);
  const [user, system] = stderr.trim().split("\n").at(-1).split(" ").map(Number);
  return (user + system) * 1000;
}

function files(context, count) {
  writeFileSync(path.join(context, "Dockerfile"), "FROM scratch\nCOPY . .\n");
  for (let number = 0; number < count; number++) {
    const sub = path.join(context, `d${Math.floor(number / 500)}`);
    if (number % 500 === 0) mkdirSync(sub);
    writeFileSync(path.join(sub, `f${number}`), `${number}`);
  }
}

function steps(context, count) {
  const lines = numbers(count).map((number) => `COPY f /f${number}`);
  writeFileSync(path.join(context, "Dockerfile"), ["FROM scratch", ...lines, ""].join("\n"));
  writeFileSync(path.join(context, "f"), "");
}

function stages(context, count) {
  const made = numbers(count).map((number) => `FROM scratch AS s${number}\nCOPY f /f${number}`);
  const taken = numbers(count).map((number) => `COPY --from=s${number} /f${number} /`);
  writeFileSync(
    path.join(context, "Dockerfile"),
    [...made, "FROM scratch", taken.at(-1), ...numbers(count - 1).map((n) => taken[n]), ""].join("\n"),
  );
  writeFileSync(path.join(context, "f"), "");
}

function numbers(count) {
  return Array.from({ length: count }, (_, index) => index);
}

function draw() {
  const blocks = series.map(({ points }) => points.map((point) => point.join(" ")).join("\n"));
  const script = [
    `set terminal png size 1350,400 font "sans,11"`,
    `set output ${JSON.stringify(png)}`,
    ...series.map((_, index) => `$data${index} << EOD\n${blocks[index]}\nEOD`),
    `set multiplot layout 1,3 title "slipway build, nothing changed: milliseconds of CPU"`,
    "set grid; unset key; set rmargin 6; set yrange [0:*]; set xrange [0:*]; set xtics rotate by -30; set format x '%.0f'",
    ...series.map(
      ({ title }, index) =>
        `set xlabel "${title}"; plot $data${index} with linespoints pt 7 lw 2 lc rgb "#2060a0"`,
    ),
  ].join("\n");
  const { error, status, stderr } = spawnSync("gnuplot", [], { input: script });
  if (error?.code === "ENOENT") throw new Error("gnuplot is not installed: apt-get install gnuplot-nox");
  if (status !== 0) throw new Error(`gnuplot exited with ${status}:\n${stderr}`);
  console.log(`Drawn: ${png}`);
}
