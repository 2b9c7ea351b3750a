import assert from "node:assert/strict";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { run, type RunOptions } from "./rig.ts";

test("compiled code is kept by command, and used by the next start", async (t) => {
  const installed = install(t);
  await installed.slipway(["--version"]);
  await settle(installed);
  const kept = installed.compiled();
  assert.equal(kept.length, 2);
  const before = readKept(installed.compiled("images"));
  assert.deepEqual(await installed.slipway(["images"]), await installed.slipway(["images"]));
  assert.deepEqual(installed.compiled(), kept);
  const after = readKept(installed.compiled("images"));
  // each run took what the one before had left
  assert.deepEqual(new Set(after.counts.values()), new Set([6]));
  assert.deepEqual(after.body, before.body);
});

test("the first four runs add to what is kept, and then the 8th", async (t) => {
  const installed = install(t);
  await settle(installed);
  const writtenBy: number[] = [];
  for (let runs = 5, last = 0; runs <= 9; runs++) {
    last = statSync(installed.compiled("images")).ino;
    await installed.slipway(["images"]);
    if (statSync(installed.compiled("images")).ino !== last) writtenBy.push(runs);
  }
  assert.deepEqual(writtenBy, [8]);
});

for (const [title, damage] of [
  ["cut short", (bytes: Buffer) => bytes.subarray(0, 10_000)],
  ["empty", () => Buffer.alloc(0)],
  ["full of flipped bits", (bytes: Buffer) => bytes.map((byte, at) => (at % 5000 === 4000 ? ~byte : byte))],
] as const) {
  test(`compiled code that is ${title} is made anew`, async (t) => {
    const installed = install(t);
    await installed.slipway(["images"]);
    const file = installed.compiled("images");
    const damaged = damage(readFileSync(file));
    writeFileSync(file, damaged);
    await installed.slipway(["images"]);
    assert.notDeepEqual(readFileSync(file), damaged);
    await settle(installed);
    const renewed = readKept(file).body;
    await installed.slipway(["images"]);
    assert.deepEqual(readKept(file).body, renewed);
  });
}

test("compiled code can be written by its owner only, whatever the umask", async (t) => {
  const installed = install(t);
  const script = 'umask 0 && exec "$@"';
  const command = [process.execPath, path.join(installed.dir, "bin/slipway"), "images"];
  const env = { SLIPWAY_ROOT: path.join(installed.dir, "store") };
  assert.equal((await run("sh", ["-c", script, "sh", ...command], { env })).exitCode, 0);
  const file = installed.compiled("images");
  assert.equal(statSync(file).mode & 0o777, 0o644);
  assert.equal(statSync(path.dirname(file)).mode & 0o777, 0o755);
});

test("compiled code that others could have written is not used", async (t) => {
  const installed = install(t);
  await settle(installed);
  const file = installed.compiled("images");
  for (const name of [file, path.dirname(file)]) {
    const mode = statSync(name).mode & 0o777;
    const before = statSync(file).ino;
    chmodSync(name, mode | 0o002);
    await installed.slipway(["images"]);
    assert.notEqual(statSync(file).ino, before, `${name} was trusted`);
    chmodSync(name, mode);
    await settle(installed);
  }
});

test("what a long run left is replaced by short ones, and then stays", async (t) => {
  const installed = install(t);
  await installed.slipway(["images"]);
  const file = installed.compiled("images");
  markAsLongRun(file, "./cli.js");
  await installed.slipway(["images"]);
  assert.equal(readKept(file).countOf("./cli.js"), 1);
  await settle(installed);
  const { ino } = statSync(file);
  await installed.slipway(["images"]);
  assert.equal(statSync(file).ino, ino);
});

test("compiled code that a run did not use stays", async (t) => {
  const installed = install(t);
  const context = path.join(installed.dir, "context");
  mkdirSync(context);
  writeFileSync(path.join(context, "Dockerfile"), "FROM scratch\nCOPY Dockerfile /\n");
  await installed.slipway(["build", "--check", context]);
  const file = installed.compiled("build");
  const before = readKept(file);
  await installed.slipway(["build", "--help"]);
  const after = readKept(file);
  assert.equal(after.countOf("./cli.js"), 2);
  assert.deepEqual(Object.keys(after.index), Object.keys(before.index));
  const unused = Object.keys(after.index).filter((id) => after.countOf(id) === 1);
  assert.notEqual(unused.length, 0);
  for (const id of unused) assert.deepEqual(after.codeOf(id), before.codeOf(id));
});

test("nothing is kept of a command that failed, nor of a start with flags of its own", async (t) => {
  const installed = install(t);
  assert.equal((await installed.run(["nonsense"])).exitCode, 2);
  await installed.slipway(["images"], { env: { NODE_OPTIONS: "--no-warnings" } });
  assert.deepEqual(installed.compiled(), []);
});

test("the command starts through a link, and hides NODE_EXTRA_CA_CERTS from Node's start only", async (t) => {
  const installed = install(t);
  const link = path.join(installed.dir, "link");
  symlinkSync("bin/slipway", link);
  const env = {
    NODE_EXTRA_CA_CERTS: "/nowhere.crt",
    PATH: `${path.dirname(process.execPath)}:/usr/bin:/bin`,
  };
  const { stdout, stderr } = await run(link, ["--version"], { env });
  assert.match(stdout, /^slipway \d/);
  assert.equal(stderr, "");
  const direct = await run(process.execPath, [link, "--version"], { env });
  assert.match(direct.stdout, /^slipway \d/);
  assert.match(direct.stderr, /nowhere\.crt/);
});

/** The first few runs of a command add to what is kept. */
async function settle(installed: ReturnType<typeof install>): Promise<void> {
  for (let runs = 0; runs < 4; runs++) await installed.slipway(["images"]);
}

test("a build where nothing changed needs no native code, not even for a large context", async (t) => {
  const installed = install(t);
  const context = path.join(installed.dir, "context");
  mkdirSync(context);
  writeFileSync(path.join(context, "Dockerfile"), "FROM scratch\nCOPY . /\n");
  for (let number = 0; number < 500; number++) writeFileSync(path.join(context, `f${number}`), "");
  const store = path.join(installed.dir, "store");
  const env = { SLIPWAY_ROOT: store };
  const first = await run(path.resolve("bin/slipway"), ["build", "-q", context], { env });
  assert.equal(first.exitCode, 0, first.stderr);
  // by its size an index of many files
  const [index] = readdirSync(path.join(store, "contexts")).filter((name) => name.endsWith(".idx"));
  truncateSync(path.join(store, "contexts", index!), 2_000_000);
  // a copy without node_modules: what it cannot do itself would need them
  const { stdout, stderr } = await installed.slipway(["build", "--progress=plain", context]);
  assert.match(stderr, /CACHED/);
  assert.doesNotMatch(stdout + stderr, /koffi/);
});

interface KeptPart {
  readonly startByte: number;
  readonly lengthBytes: number;
}

function readKept(file: string) {
  const bytes = readFileSync(file);
  const countsByte = 74 + Number(bytes.subarray(64, 74));
  const index = JSON.parse(bytes.subarray(74, countsByte).toString()) as Record<string, KeptPart>;
  const ids = Object.keys(index);
  const counts = bytes.subarray(countsByte, countsByte + ids.length);
  const body = bytes.subarray(countsByte + ids.length);
  return {
    index,
    counts,
    body,
    countOf: (id: string) => counts[ids.indexOf(id)],
    codeOf: (id: string) =>
      body.subarray(index[id]!.startByte, index[id]!.startByte + index[id]!.lengthBytes),
    countAt: (id: string) => countsByte + ids.indexOf(id),
  };
}

function markAsLongRun(file: string, id: string): void {
  const bytes = readFileSync(file);
  bytes[readKept(file).countAt(id)] = 0;
  writeFileSync(file, bytes);
}

/** A copy of the built program, as a package manager would place it. */
function install(t: TestContext) {
  const dir = mkdtempSync(path.join(tmpdir(), "slipway-start-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  for (const name of ["bin", "dist", "package.json"])
    cpSync(name, path.join(dir, name), { recursive: true, filter: (file) => !file.endsWith("compiled") });
  const kept = path.join(dir, "dist/compiled");
  const runIt = (args: readonly string[], options: RunOptions = {}) =>
    run(process.execPath, [path.join(dir, "bin/slipway"), ...args], {
      ...options,
      env: { SLIPWAY_ROOT: path.join(dir, "store"), ...options.env },
    });
  function compiled(): readonly string[];
  function compiled(command: string): string;
  function compiled(command?: string): string | readonly string[] {
    const names = readdirSync(path.join(dir, "dist")).includes("compiled") ? readdirSync(kept).sort() : [];
    return command === undefined ? names : path.join(kept, names.find((name) => name.includes(command))!);
  }
  return {
    dir,
    compiled,
    run: runIt,
    async slipway(args: readonly string[], options: RunOptions = {}) {
      const result = await runIt(args, options);
      assert.equal(result.exitCode, 0, result.stderr);
      return result;
    },
  };
}
