import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { after, test } from "node:test";
import { openStore } from "../content/index.ts";
import type { CliIo } from "./cli-io.ts";
import type { BuildFlags } from "./flags/build-options.ts";
import { parseCall } from "./flags/parse-call.ts";
import { runCall } from "./run-call.ts";

const cwd = mkdtempSync(path.join(tmpdir(), "slipway-run-call-"));
after(() => rmSync(cwd, { recursive: true }));
const store = openStore(path.join(cwd, "store"));
mkdirSync(path.join(cwd, "app"));

const flags: BuildFlags = {
  tag: ["never-written"],
  buildArg: [],
  buildContext: [],
  label: [],
  cache: true,
  cacheFilter: [],
  output: [],
  secret: [],
  platform: [],
};

interface Answer {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** What `slipway build --call CALL app` prints for a file. */
async function answer(call: string, text: string, more: Partial<BuildFlags> = {}): Promise<Answer> {
  writeFileSync(path.join(cwd, "app", "Dockerfile"), text);
  let [stdout, stderr] = ["", ""];
  const io: CliIo = {
    stdin: Readable.from([]),
    stdout: { write: (part) => (stdout += String(part)) },
    stderr: { write: (part) => (stderr += String(part)) },
    env: {},
    cwd,
    exitCode: 0,
  };
  await runCall({ call: parseCall({ call })!, context: "app", flags: { ...flags, ...more }, store }, io);
  return { stdout, stderr, exitCode: io.exitCode };
}

// Texts are what docker build --call prints for the same files.

test("a check lists warnings in file order with their lines, and ends with 1", async () => {
  const text = "FROM scratch as a\nENV a b \\\n  c\n\nMAINTAINER me\n";
  assert.deepEqual(await answer("check", text), {
    exitCode: 1,
    stderr: "",
    stdout: `Check complete, 3 warnings have been found!

WARNING: FromAsCasing - https://docs.docker.com/go/dockerfile/rule/from-as-casing/
'as' and 'FROM' keywords' casing do not match
app/Dockerfile:1
--------------------
   1 | >>> FROM scratch as a
   2 |     ENV a b \\
   3 |       c
--------------------

WARNING: LegacyKeyValueFormat - https://docs.docker.com/go/dockerfile/rule/legacy-key-value-format/
"ENV key=value" should be used instead of legacy "ENV key value" format
app/Dockerfile:2
--------------------
   1 |     FROM scratch as a
   2 | >>> ENV a b \\
   3 | >>>   c
   4 |     
--------------------

WARNING: MaintainerDeprecated - https://docs.docker.com/go/dockerfile/rule/maintainer-deprecated/
Maintainer instruction is deprecated in favor of using label
app/Dockerfile:5
--------------------
   3 |       c
   4 |     
   5 | >>> MAINTAINER me
   6 |     
--------------------
`,
  });
});

test("a check without warnings says so", async () => {
  const stdout = "Check complete, no warnings found.\n";
  assert.deepEqual(await answer("check", "FROM scratch\n"), { exitCode: 0, stderr: "", stdout });
});

test("one warning is one warning, and can be let pass", async () => {
  const { stdout, exitCode } = await answer("check,ignorestatus=true", "FROM scratch\nCMD x\n");
  assert.match(stdout, /^Check complete, 1 warning has been found!\n\nWARNING: JSONArgsRecommended - /);
  assert.equal(exitCode, 0);
});

test("a check as JSON has a range for each line", async () => {
  const text = "FROM scratch\nENV a \\\n b\n";
  const { stdout, exitCode } = await answer("check,format=json", text);
  assert.equal(exitCode, 1);
  assert.deepEqual(JSON.parse(stdout), {
    warnings: [
      {
        ruleName: "LegacyKeyValueFormat",
        description: "Legacy key/value format with whitespace separator should not be used",
        url: "https://docs.docker.com/go/dockerfile/rule/legacy-key-value-format/",
        detail: '"ENV key=value" should be used instead of legacy "ENV key value" format',
        location: {
          ranges: [
            { start: { line: 2 }, end: { line: 2 } },
            { start: { line: 3 }, end: { line: 3 } },
          ],
        },
      },
    ],
    sources: [{ filename: "Dockerfile", data: Buffer.from(text).toString("base64"), language: "Dockerfile" }],
  });
});

test("a check fails with what is wrong in the file, and has it in its JSON", async () => {
  let stdout = "";
  const text = "FROM scratch\nRUN --mount=type=bad true\n";
  await assert.rejects(answer("check", text), { code: "DOCKERFILE_INSTRUCTION" });
  await assert.rejects(answer("check", "FORM scratch\n"), { code: "DOCKERFILE_INSTRUCTION" });
  const io: CliIo = {
    stdin: Readable.from([]),
    stdout: { write: (part) => (stdout += String(part)) },
    stderr: { write: () => true },
    env: {},
    cwd,
    exitCode: 0,
  };
  const call = parseCall({ call: "check,format=json" })!;
  await assert.rejects(runCall({ call, context: "app", flags, store }, io));
  const { buildError, warnings } = JSON.parse(stdout) as { buildError: unknown; warnings: unknown };
  assert.equal(warnings, null);
  assert.deepEqual(buildError, {
    message: "dockerfile parse error on line 1: unknown instruction: FORM (did you mean FROM?)",
    location: { ranges: [{ start: { line: 1 }, end: { line: 1 } }] },
  });
});

test("check=error=true is told behind the warnings", async () => {
  const { stdout, stderr, exitCode } = await answer("check", "# check=error=true\nFROM scratch\nCMD x\n");
  assert.ok(stdout.endsWith("--------------------\n\n"));
  assert.equal(stderr, "ERROR: lint violation found for rules: JSONArgsRecommended\n");
  assert.equal(exitCode, 1);
});

test("remarks of our own rules change neither answer nor exit code, and can be made warnings or turned off", async () => {
  const text = "FROM scratch AS a\nFROM scratch AS a\n";
  const found = await answer("check", `# check=skip=DuplicateStageName\n${text}`);
  assert.deepEqual(found, {
    exitCode: 0,
    stdout: "Check complete, no warnings found.\n",
    stderr: `1 remark of slipway beside these checks, explained in docs/rules:
 - UnreachableStage: No target reaches this stage: a later stage is named "a" too, and no other stage uses this one (line 2)
`,
  });
  const skipped = await answer("check", `# check=skip=DuplicateStageName,UnreachableStage\n${text}`);
  assert.equal(skipped.stderr, "");
  const asked = await answer("check", `# check=skip=DuplicateStageName;experimental=slipway\n${text}`);
  assert.match(asked.stdout, /\nWARNING: UnreachableStage - docs\/rules\/unreachable-stage\.md\n/);
  assert.deepEqual([asked.stderr, asked.exitCode], ["", 1]);
});

test("an outline is a table for each kind of parameter", async () => {
  const text = `# VERSION of it
ARG VERSION=1.2
FROM scratch AS base
COPY --from=tools / /
ARG VERSION
FROM base AS app
ARG TOKEN_NAME
RUN --mount=type=secret,id=token,required=true --mount=type=ssh true
`.replace("COPY --from=tools / /\n", "");
  assert.equal(
    (await answer("outline", text)).stdout,
    `TARGET: app

BUILD ARG    VALUE   DESCRIPTION
VERSION      1.2     of it
TOKEN_NAME           

SECRET   REQUIRED
token    true

SSH       REQUIRED
default   

`,
  );
  const json = JSON.parse((await answer("outline,format=json", text)).stdout) as Record<string, unknown>;
  assert.deepEqual(Object.keys(json), ["name", "args", "secrets", "ssh", "sources"]);
  assert.deepEqual(json["secrets"], [
    { name: "token", required: true, location: { ranges: [{ start: { line: 7 }, end: { line: 7 } }] } },
  ]);
});

test("targets are listed with their descriptions", async () => {
  const text = "# base has tools\nFROM scratch AS base\nFROM base\nFROM base AS last\n";
  assert.equal(
    (await answer("targets", text)).stdout,
    "TARGET         DESCRIPTION\nbase           has tools\n               \nlast (default) \n",
  );
  const { stdout } = await answer("targets,format=json", text);
  assert.deepEqual((JSON.parse(stdout) as { targets: unknown[] }).targets[1], {
    base: "base",
    location: { ranges: [{ start: { line: 3 }, end: { line: 3 } }] },
  });
});

test("control characters of a file do not reach the terminal", async () => {
  const text = "# x \u001b[2J\nFROM scratch AS x\nARG a=\u001b[2J\nENV a\u001b b\n";
  for (const call of ["check", "outline", "targets"]) {
    const { stdout } = await answer(call, text);
    assert.ok(stdout.includes("\ufffd[2J"));
    assert.ok(!stdout.includes("\u001b"));
  }
});

test("no call stores an image", () => {
  const records = path.join(cwd, "store", "images", "records");
  assert.deepEqual(existsSync(records) ? readdirSync(records) : [], []);
});

test("of very many warnings about a long instruction the first are shown, shortened", async () => {
  const body = Array.from({ length: 20_000 }, (_, index) => `$v${index}\n`).join("");
  const { stdout } = await answer("check", `FROM scratch\nCOPY <<EOF /x\n${body}EOF\n`);
  const lines = stdout.split("\n");
  assert.equal(lines[0], "Check complete, 20000 warnings have been found!");
  assert.equal(lines.filter((line) => line.startsWith("WARNING: UndefinedVar")).length, 500);
  assert.deepEqual(lines.slice(-6), [
    " 200 | >>> $v197",
    "     | ... 19804 more lines",
    "--------------------",
    "",
    "... 19500 more warnings",
    "",
  ]);
});
