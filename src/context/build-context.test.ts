import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs, {
  chmodSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import path from "node:path";
import { test } from "node:test";
import { openContext, readIgnoreFile } from "./index.ts";
import { copy, digest, place } from "./test-contexts.ts";

const asUser = process.getuid?.() === 0 ? { skip: "root may read everything" } : {};

test("a source that is not there is told with what helps, before anything is read", async (t) => {
  const { directory, open } = await place(t, { "src/main.go": "x", secret: "s", y: "" });
  const context = open(["secret"]);
  const table: [source: string, message: string, hint: string][] = [
    [
      "src/mian.go",
      '"/src/mian.go": not found',
      `did you mean "main.go"? looked for in the build context "${directory}"`,
    ],
    ["x", '"/x": not found', `looked for in the build context "${directory}"`],
    ["nothing/at/all", '"/nothing/at/all": not found', `looked for in the build context "${directory}"`],
    ["secret", '"/secret": not found', '"secret" is in the build context, but the ignore file excludes it'],
  ];
  for (const [source, message, hint] of table) {
    assert.throws(() => context.checkSources([copy(source)]), { code: "NOT_FOUND", message, hint });
    await assert.rejects(digest(context, source), { code: "NOT_FOUND", message, hint });
  }
  context.checkSources([copy("src"), copy("*.none")]);
});

test("one digest per action, and none for an action that copies nothing", async (t) => {
  const { open } = await place(t, { a: "1", b: "2" });
  const digests = await open().digestSources([
    copy("/a"),
    { kind: "mkdir", path: "/x", mode: 0o755, makeParents: true },
    copy("/b"),
  ]);
  assert.match(digests[0]!, /^[0-9a-f]{64}$/);
  assert.equal(digests[1], "");
  assert.notEqual(digests[0], digests[2]);
});

test("times and the context's own name are in no digest; bytes and modes are", async (t) => {
  const { directory, open } = await place(t, { "d/a": "1" });
  const before = await digest(open());
  utimesSync(path.join(directory, "d/a"), 1, 1);
  assert.equal(await digest(open()), before);
  renameSync(directory, `${directory}2`);
  assert.equal(await digest(openContext(`${directory}2`)), before);
  chmodSync(path.join(`${directory}2`, "d/a"), 0o600);
  const after = await digest(openContext(`${directory}2`));
  assert.notEqual(after, before);
  writeFileSync(path.join(`${directory}2`, "d/a"), "2");
  assert.notEqual(await digest(openContext(`${directory}2`)), after);
});

test("a directory that no action names, and that is excluded, is not opened", async (t) => {
  const { directory } = await place(t, { "src/a": "1", "other/b": "2", "node_modules/x/y": "3" });
  const opened: string[] = [];
  const original = fs.readdirSync;
  t.mock.method(fs, "readdirSync", (...args: Parameters<typeof readdirSync>) => {
    opened.push(path.relative(directory, String(args[0])));
    return original(...args);
  });
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  await digest(openContext(directory, { excludePatterns: ["node_modules"] }), "/src");
  assert.deepEqual(opened, ["src"]);
});

test("links never lead out of the context", async (t) => {
  const { directory, open } = await place(t, { "d/a": "inside" });
  symlinkSync("/etc", path.join(directory, "etc-link"));
  symlinkSync("../../../../../../etc/passwd", path.join(directory, "d/up"));
  for (const source of ["/etc-link/passwd", "/d/up", "/etc-link"])
    await assert.rejects(digest(open(), source), { code: "NOT_FOUND", message: `"${source}": not found` });
  assert.match(await digest(open()), /^[0-9a-f]{64}$/);
});

test("names that are no UTF-8 are files like others", async (t) => {
  const { directory, open } = await place(t, { "d/a": "1" });
  const name = Buffer.concat([Buffer.from(`${directory}/d/`), Buffer.from([0x66, 0xff, 0xfe])]);
  writeFileSync(name, "2");
  const before = await digest(open(), "/d");
  writeFileSync(name, "3");
  assert.notEqual(await digest(open(), "/d"), before);
});

test("an unreadable file or directory is named", asUser, async (t) => {
  const { directory, open } = await place(t, { "d/a": "1", "e/b": "2" });
  chmodSync(path.join(directory, "d/a"), 0);
  chmodSync(path.join(directory, "e"), 0);
  for (const [source, file] of [
    ["/d", "d/a"],
    ["/e", "e"],
  ] as const) {
    await assert.rejects(digest(open(), source), {
      code: "UNREADABLE",
      message: `Cannot read "${path.join(directory, file)}": permission denied`,
    });
  }
  chmodSync(path.join(directory, "e"), 0o700);
});

test("of an empty context, that is all there is to say", async (t) => {
  const { open, directory } = await place(t, {});
  mkdirSync(directory);
  assert.throws(() => open().checkSources([copy("a")]), {
    message: '"/a": not found',
    hint: "the build context is empty: give a directory that holds it",
  });
});

test("a missing context and a file as context are refused", async (t) => {
  const { directory } = await place(t, { a: "1" });
  assert.throws(() => openContext(`${directory}/nope`), {
    code: "NO_CONTEXT",
    message: `Cannot open build context "${directory}/nope": no such directory`,
  });
  assert.throws(() => openContext(`${directory}/a`), {
    code: "NO_CONTEXT",
    message: `Cannot open build context "${directory}/a": not a directory`,
  });
});

test("an ignore file that is a pipe is refused, and not waited for", async (t) => {
  const { directory } = await place(t, { a: "" });
  execFileSync("mkfifo", [`${directory}/.dockerignore`]);
  assert.throws(() => readIgnoreFile(directory), {
    code: "UNREADABLE",
    message: `Cannot read "${directory}/.dockerignore": it is no regular file`,
  });
});

test("the Dockerfile's own ignore file replaces the context's", async (t) => {
  const { directory } = await place(t, {
    ".dockerignore": "a\n",
    "sub/B.Dockerfile.dockerignore": "b\n!c\n",
  });
  assert.deepEqual(readIgnoreFile(directory), { name: ".dockerignore", patterns: ["a"] });
  assert.deepEqual(readIgnoreFile(directory, `${directory}/Dockerfile`)?.patterns, ["a"]);
  assert.deepEqual(readIgnoreFile(directory, `${directory}/sub/B.Dockerfile`), {
    name: "sub/B.Dockerfile.dockerignore",
    patterns: ["b", "!c"],
  });
  rmSync(`${directory}/.dockerignore`);
  assert.equal(readIgnoreFile(directory), undefined);
});

for (const [line, reason] of [
  ["!", 'illegal exclusion pattern: "!"'],
  ["a[", "syntax error in pattern"],
] as const) {
  test(`an ignore file with the line ${line} is refused`, async (t) => {
    const { directory } = await place(t, { ".dockerignore": `x\n${line}\n` });
    assert.throws(() => readIgnoreFile(directory), {
      code: "BAD_IGNORE_FILE",
      message: `failed parsing .dockerignore: ${reason}`,
    });
  });
}
