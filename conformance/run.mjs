// Builds every case with slipway (dist/) and compares config, history and flattened tree with BuildKit's.
//
//   npm run conformance [-- --update] [--print] [--sample=N] [CASE | TOPIC …]
//
// Cases are data, a file a topic in conformance/cases/; expected results are stored in conformance/expected/. `--update` makes
// those anew with a real docker build, which SLIPWAY_BENCH_PEER (a command that runs `docker`) or PATH gives; cases marked
// `byHand` it makes with slipway. `--print` shows what the builder said. `--sample=N` takes every Nth case.
// As root, with busybox-static, GNU tar and git: a local server (server.mjs) answers what the cases fetch.
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parse } from "yaml";
import { readArguments } from "../scripts/arguments.mjs";
import { makeBase } from "./base.mjs";
import { docker, slipway } from "./builders.mjs";
import { readCases, writeContext } from "./case.mjs";
import { readImage, readRootfs, treeDifference } from "./images.mjs";
import { startServer } from "./server.mjs";

const { options, names } = readArguments(import.meta.filename, {
  update: "flag",
  print: "flag",
  sample: "number",
});
const { update, print, sample = 1 } = options;
const here = import.meta.dirname;
const dir = mkdtempSync(path.join(tmpdir(), "slipway-conformance-"));
process.on("exit", () => rmSync(dir, { recursive: true, force: true }));
process.on("SIGINT", () => process.exit(130));

const unable = await missing();
if (unable) {
  console.log(`skipped: ${unable}`);
  process.exit(0);
}
const server = await startServer(parse(readFileSync(path.join(here, "served.yaml"), "utf8")));
const topics = readdirSync(path.join(here, "cases")).map((file) => path.basename(file, ".yaml"));
const cases = topics.flatMap((topic) => {
  const text = readFileSync(path.join(here, "cases", `${topic}.yaml`), "utf8");
  return readCases(topic, text.replaceAll("{server}", server.origin));
});
const base = makeBase(path.join(dir, "base"));
const baseTree = readRootfs(base);
const builders = { slipway: slipway(dir), docker: docker() };
await builders.slipway.importBase(base);
if (update) await builders.docker.importBase(base);
const expected = Object.fromEntries(topics.map((topic) => [topic, readExpected(topic)]));
const wanted = cases.filter(isWanted);
requireDistinctNames();
if (!update) requireResults();
let failures = 0;
const queue = [...wanted];
await Promise.all(Array.from({ length: 2 }, work));
server.close();
if (update) for (const topic of new Set(wanted.map((one) => one.topic))) writeExpected(topic);
console.log(`${wanted.length - failures} passed, ${failures} failed`);
process.exitCode = failures > 0 ? 1 : 0;

async function work() {
  for (let one = queue.shift(); one; one = queue.shift()) if (!(await check(one))) failures += 1;
}

async function check(one) {
  const builder = update && !one.byHand ? builders.docker : builders.slipway;
  const result = await buildCase(one, builder).catch((error) => ({ failed: error.message }));
  if (update) {
    if (!result.failed) {
      expected[one.topic][one.name] = result;
      return true;
    }
    console.log(`✖ ${one.name}\n${result.failed}`);
    return false;
  }
  const want = withNewerHistory(expected[one.topic][one.name], one.history);
  if (isDeepStrictEqual(result, want)) return true;
  console.log(`✖ ${one.name}`);
  printDifference(want, result, "  ");
  return false;
}

/** The stored result, with what newer releases write in place of the texts that they changed. */
function withNewerHistory(want, texts) {
  if (!want || !texts) return want;
  const history = want.config.history.map((entry, index) =>
    texts[index] === undefined ? entry : { ...entry, created_by: texts[index] },
  );
  return { ...want, config: { ...want.config, history } };
}

async function buildCase(one, builder) {
  const context = path.join(dir, "contexts", one.name);
  writeContext(one.files, context);
  for (const [name, dockerfile] of Object.entries(one.images ?? {})) {
    writeContext({ Dockerfile: `${dockerfile}\n` }, `${context}.image`);
    await builder.image(name, [], `${context}.image`);
  }
  const to = { archive: path.join(dir, `${one.name}.image.tar`), rootfs: path.join(dir, `${one.name}.tar`) };
  const built = await builder.build(one.name, buildFlags(one, context), context, to);
  if (print) console.log(`— ${one.name} (${built.status})\n${built.output}`);
  const result = toResult(one, built, to);
  for (const file of [to.archive, to.rootfs, context, `${context}.image`])
    rmSync(file, { recursive: true, force: true });
  return result;
}

function buildFlags(one, context) {
  for (const [id, text] of Object.entries(one.secrets ?? {})) writeFileSync(`${context}.${id}`, text);
  return [
    ...Object.entries(one.args ?? {}).map(([key, value]) => `--build-arg=${key}=${value}`),
    ...Object.keys(one.secrets ?? {}).map((id) => `--secret=id=${id},src=${context}.${id}`),
    ...(one.target ? [`--target=${one.target}`] : []),
    ...(one.file ? [`--file=${path.join(context, one.file)}`] : []),
    ...(one.flags ?? []).map((flag) => flag.replaceAll("{context}", context)),
  ];
}

function toResult(one, { status, output }, { archive, rootfs }) {
  const shown = lastLines(output.replaceAll(dir, ""));
  if (one.fails !== undefined) {
    return status !== 0 && output.includes(one.fails) ? { fails: one.fails } : { failed: shown };
  }
  if (status !== 0) return { failed: shown };
  const image = readImage(archive);
  if (existsSync(rootfs)) {
    const difference = treeDifference(readRootfs(rootfs), image.tree);
    if (Object.keys(difference).length > 0) return { failed: "the tar differs from the image", difference };
  }
  const from = baseHistoryLength(image.config);
  const result = {
    config: { ...image.config, history: image.config.history.slice(from) },
    tree: treeDifference(image.tree, from > 0 ? baseTree : {}),
  };
  return JSON.parse(JSON.stringify(result).replaceAll(server.origin, "{server}"));
}

function lastLines(output) {
  const lines = output.trim().split("\n").slice(-12);
  return lines.map((line) => line.slice(0, 300)).join("\n");
}

/** The base's own history entries, which tell how it was imported. */
function baseHistoryLength({ history }) {
  return history.findLastIndex((entry) => /import/i.test(entry.comment ?? entry.created_by ?? "")) + 1;
}

function isWanted({ topic, name }, index) {
  if (names.length > 0) return names.includes(topic) || names.includes(name);
  return index % sample === 0;
}

function requireDistinctNames() {
  const seen = new Set();
  for (const { name } of cases) {
    if (seen.has(name)) throw new Error(`two cases named ${name}`);
    seen.add(name);
  }
}

function requireResults() {
  const lacking = cases.filter(({ topic, name }) => !expected[topic][name]).map(({ name }) => name);
  if (lacking.length > 0) throw new Error(`no stored results: make them with --update ${lacking.join(" ")}`);
}

function readExpected(topic) {
  const file = path.join(here, "expected", `${topic}.json`);
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
}

function writeExpected(topic) {
  mkdirSync(path.join(here, "expected"), { recursive: true });
  const results = Object.fromEntries(
    cases
      .filter((one) => one.topic === topic && expected[topic][one.name])
      .map(({ name }) => [name, expected[topic][name]]),
  );
  writeFileSync(path.join(here, "expected", `${topic}.json`), `${JSON.stringify(results, undefined, 1)}\n`);
}

function printDifference(want, got, indent) {
  const isObject = (value) => typeof value === "object" && value !== null;
  if (!isObject(want) || !isObject(got)) {
    console.log(`${indent}BuildKit: ${toText(want)}\n${indent}slipway:  ${toText(got)}`);
    return;
  }
  for (const key of new Set([...Object.keys(want), ...Object.keys(got)])) {
    if (isDeepStrictEqual(want[key], got[key])) continue;
    console.log(`${indent}${key}:`);
    printDifference(want[key], got[key], `${indent}  `);
  }
}

function toText(value) {
  return typeof value === "string" ? value : JSON.stringify(value);
}

async function missing() {
  if (process.getuid() !== 0) return "needs root";
  if (!existsSync("/bin/busybox")) return "needs busybox-static";
  if (spawnSync("git", ["--version"]).status !== 0) return "needs git";
  if (update && !(await docker().answers())) return "docker does not answer";
  return undefined;
}
