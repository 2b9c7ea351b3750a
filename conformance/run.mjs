// Builds every case with slipway (dist/) and compares config, history and flattened tree with BuildKit's.
//
//   npm run conformance [-- --update] [CASE…]
//
// Expected results are stored in conformance/expected/; `--update` makes them anew with a real docker build, which
// SLIPWAY_BENCH_PEER (a command that runs `docker`) or PATH gives. As root, with busybox-static and GNU tar.
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { makeBase } from "./base.mjs";
import { cases } from "./cases.mjs";
import { imageConfig, listTar, treeDifference } from "./images.mjs";

const update = process.argv.includes("--update");
const names = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const expectedFile = path.resolve("conformance/expected.json");
const dir = mkdtempSync(path.join(tmpdir(), "slipway-conformance-"));
process.on("exit", () => rmSync(dir, { recursive: true, force: true }));
process.on("SIGINT", () => process.exit(130));

const unable = missing();
if (unable) {
  console.log(`skipped: ${unable}`);
  process.exit(0);
}
const builder = update ? docker() : slipway();
const base = makeBase(path.join(dir, "base"));
builder.importBase(base);
const baseTree = listTar(base, path.join(dir, "tree"));
const expected = existsSync(expectedFile) ? JSON.parse(readFileSync(expectedFile, "utf8")) : {};
const wanted = cases.filter(({ name }) => names.length === 0 || names.includes(name));
const failed = wanted.filter((one) => !check(one));
if (update) writeFileSync(expectedFile, `${JSON.stringify(expected, undefined, 1)}\n`);
console.log(`${wanted.length - failed.length} passed, ${failed.length} failed`);
process.exitCode = failed.length > 0 ? 1 : 0;

function check(one) {
  const result = buildCase(one);
  if (update) {
    expected[one.name] = result;
    return true;
  }
  const want = withNewerHistory(expected[one.name], one.history);
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

function buildCase(one) {
  const context = writeContext(one);
  const flags = [
    ...Object.entries(one.args ?? {}).map(([key, value]) => `--build-arg=${key}=${value}`),
    ...(one.target ? [`--target=${one.target}`] : []),
  ];
  const archive = path.join(dir, "image.tar");
  const tree = path.join(dir, "tree.tar");
  for (const file of [archive, tree]) rmSync(file, { force: true });
  const built = builder.build(context, flags, archive, tree);
  if (one.fails !== undefined) {
    return {
      fails: built.status !== 0 && built.output.includes(one.fails) ? one.fails : built.output.slice(-2000),
    };
  }
  if (built.status !== 0) return { failed: built.output.slice(-2000) };
  const config = imageConfig(archive);
  const from = baseHistoryLength(config);
  return {
    config: { ...config, history: config.history.slice(from) },
    tree: treeDifference(listTar(tree, path.join(dir, "tree")), from > 0 ? baseTree : {}),
  };
}

/** The base's own history entries, which tell how it was imported. */
function baseHistoryLength({ history }) {
  return history.findLastIndex((entry) => /import/i.test(entry.comment ?? entry.created_by ?? "")) + 1;
}

function writeContext({ name, files }) {
  const context = path.join(dir, "contexts", name);
  rmSync(context, { recursive: true, force: true });
  for (const [file, content] of Object.entries(files)) {
    const target = path.join(context, file);
    mkdirSync(path.dirname(target), { recursive: true });
    const { link, text, mode = 0o644 } = typeof content === "string" ? { text: content } : content;
    if (link === undefined) writeFileSync(target, text, { mode });
    else symlinkSync(link, target);
  }
  return context;
}

function printDifference(want, got, indent) {
  const isObject = (value) => typeof value === "object" && value !== null;
  if (!isObject(want) || !isObject(got)) {
    console.log(`${indent}BuildKit: ${JSON.stringify(want)}\n${indent}slipway:  ${JSON.stringify(got)}`);
    return;
  }
  for (const key of new Set([...Object.keys(want), ...Object.keys(got)])) {
    if (isDeepStrictEqual(want[key], got[key])) continue;
    console.log(`${indent}${key}:`);
    printDifference(want[key], got[key], `${indent}  `);
  }
}

function slipway() {
  const cli = path.resolve("bin/slipway");
  const env = { ...process.env, SLIPWAY_ROOT: path.join(dir, "store"), NO_COLOR: "1" };
  const call = (...args) => run(process.execPath, [cli, ...args], { env });
  return {
    importBase: (tar) => must(call("import", tar, "base")),
    build: (context, flags, archive, tree) =>
      call(
        "build",
        "--progress=plain",
        ...flags,
        `--output=type=docker,dest=${archive}`,
        `--output=type=tar,dest=${tree}`,
        context,
      ),
  };
}

function docker() {
  const [file = "docker", ...before] = [...(process.env.SLIPWAY_BENCH_PEER?.split(" ") ?? []), "docker"];
  const call = (...args) => run(file, [...before, ...args], {});
  return {
    answers: () => call("info").status === 0,
    importBase: (tar) => must(call("import", tar, "base")),
    build: (context, flags, archive, tree) => {
      const image = call("build", "--network=host", "-t", "case", ...flags, context);
      if (image.status !== 0) return image;
      must(call("save", "-o", archive, "case"));
      return call("build", "--network=host", ...flags, `--output=type=tar,dest=${tree}`, context);
    },
  };
}

function missing() {
  if (process.getuid() !== 0) return "needs root";
  if (!existsSync("/bin/busybox")) return "needs busybox-static";
  if (update && !docker().answers()) return "docker does not answer";
  return undefined;
}

function run(file, args, options) {
  const { status, stdout, stderr, error } = spawnSync(file, args, {
    encoding: "utf8",
    maxBuffer: 1 << 28,
    ...options,
  });
  if (error) throw error;
  return { status, output: `${stdout}${stderr}` };
}

function must(result) {
  if (result.status !== 0) throw new Error(result.output);
}
