import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { after, test } from "node:test";
import type { BuildResult } from "../build/index.ts";
import { CodedError } from "../errors/index.ts";
import { digestOf } from "../oci/index.ts";
import type { CliIo } from "./cli-io.ts";
import type { BuildFlags } from "./flags/build-options.ts";
import { runBuild } from "./run-build.ts";

const cwd = mkdtempSync(path.join(tmpdir(), "slipway-run-build-"));
after(() => rmSync(cwd, { recursive: true }));

const flags: BuildFlags = {
  tag: [],
  buildArg: [],
  buildContext: [],
  label: [],
  cache: true,
  cacheFilter: [],
  output: [],
  secret: [],
  platform: [],
};
const result: BuildResult = {
  target: "dev",
  stagesBuilt: ["dev"],
  stagesSkipped: ["prod"],
  stepsRun: 1,
  stepsCached: 2,
  names: ["docker.io/library/a:latest"],
  configDigest: digestOf("config"),
  durationMs: 12.3,
};

test("a quiet build prints the image's ID only, and writes the files that were asked for", async () => {
  const { io, stdout, stderr } = fakeIo();
  const all = { ...flags, quiet: true, iidfile: "id", metadataFile: "meta.json" };
  await runBuild(() => Promise.resolve(result), ".", all, io);
  assert.equal(stdout(), `${result.configDigest}\n`);
  assert.equal(stderr(), "");
  assert.equal(readFileSync(path.join(cwd, "id"), "utf8"), result.configDigest);
  assert.deepEqual(JSON.parse(readFileSync(path.join(cwd, "meta.json"), "utf8")), {
    "containerimage.config.digest": result.configDigest,
    "image.name": "docker.io/library/a:latest",
    "slipway.target": "dev",
    "slipway.stages.built": ["dev"],
    "slipway.stages.skipped": ["prod"],
    "slipway.steps.run": 1,
    "slipway.steps.cached": 2,
    "slipway.duration.ms": 12,
  });
});

test("a build that fails leaves no old ID behind", async () => {
  const { io } = fakeIo();
  writeFileSync(path.join(cwd, "old"), "sha256:old");
  const failing = () => Promise.reject(new CodedError("RUN_FAILED", "no"));
  await assert.rejects(runBuild(failing, ".", { ...flags, iidfile: "old" }, io), { message: "no" });
  assert.equal(existsSync(path.join(cwd, "old")), false);
});

test("progress goes to standard error", async () => {
  const { io, stdout, stderr } = fakeIo();
  await runBuild(
    (_options, { emit }) => {
      emit({ kind: "note", text: "overlay as root" });
      return Promise.resolve(result);
    },
    ".",
    flags,
    io,
  );
  assert.equal(stderr(), "#0 overlay as root\n");
  assert.equal(stdout(), "");
});

test("the first interrupt aborts the build, and is what is reported", async () => {
  const { io } = fakeIo();
  const build = runBuild(
    (_options, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(new Error("worker is gone")));
        process.emit("SIGTERM", "SIGTERM");
      }),
    ".",
    flags,
    io,
  );
  await assert.rejects(build, { code: "STOPPED", signal: "SIGTERM" });
  assert.equal(process.listenerCount("SIGTERM"), 0);
});

function fakeIo() {
  const written = { stdout: "", stderr: "" };
  const io: CliIo = {
    stdin: Readable.from([]),
    stdout: { write: (text) => (written.stdout += String(text)) },
    stderr: { write: (text) => (written.stderr += String(text)) },
    env: {},
    cwd,
    exitCode: 0,
  };
  return { io, stdout: () => written.stdout, stderr: () => written.stderr };
}
