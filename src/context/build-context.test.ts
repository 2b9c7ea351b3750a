import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs, {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { crc32 } from "node:zlib";
import type { CopyAction } from "../llb/index.ts";
import { type BuildContext, openContext, readIgnoreFile } from "./index.ts";

const asUser = process.getuid?.() === 0 ? { skip: "root may read everything" } : {};

const copy = (source: string): CopyAction => ({
  kind: "copy",
  from: 0,
  source,
  dest: "/",
  followSymlink: true,
  copyDirContents: true,
  attemptUnpack: false,
  createDestPath: true,
  allowWildcard: true,
  allowEmptyWildcard: true,
});

test("a source that is not there is told with what helps, before anything is read", async (t) => {
  const { directory, open } = await place(t, { "src/main.go": "x", secret: "s" });
  const context = open(["secret"]);
  const table: [source: string, message: string, hint: string][] = [
    [
      "src/mian.go",
      '"/src/mian.go": not found',
      `did you mean "main.go"? looked for in the build context "${directory}"`,
    ],
    ["nothing/at/all", '"/nothing/at/all": not found', `looked for in the build context "${directory}"`],
    ["secret", '"/secret": not found', '"secret" is in the build context, but the ignore file excludes it'],
  ];
  for (const [source, message, hint] of table) {
    assert.throws(() => context.checkSources([copy(source)]), { code: "NOT_FOUND", message, hint });
    await assert.rejects(digest(context, source), { code: "NOT_FOUND", message, hint });
  }
  context.checkSources([copy("src"), copy("*.none")]);
});

async function digest(context: BuildContext, source = "/"): Promise<string> {
  return (await context.digestSources([copy(source)]))[0]!;
}

/** A context whose files are old enough to be trusted. */
async function place(t: TestContext, files: Record<string, string>) {
  const root = mkdtempSync(path.join(tmpdir(), "slipway-context-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const [directory, indexDir] = [path.join(root, "context"), path.join(root, "indexes")];
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(directory, name)), { recursive: true });
    writeFileSync(path.join(directory, name), text);
  }
  await setTimeout(40);
  return {
    directory,
    indexDir,
    open: (excludePatterns: string[] = []) => openContext(directory, { indexDir, excludePatterns }),
    indexFile: () => fileOf(indexDir, ".idx"),
    knownFile: () => fileOf(indexDir, ".sel"),
  };
}

function fileOf(indexDir: string, ending: string): string {
  const files = readdirSync(indexDir).filter((name) => name.endsWith(ending));
  assert.equal(files.length, 1);
  return path.join(indexDir, files[0]!);
}

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

test("a file that is as it was is not read again", async (t) => {
  const { directory, open, indexFile, knownFile } = await place(t, { a: "1", b: "2" });
  const before = await digest(open());
  rmSync(knownFile());
  const index = readFileSync(indexFile());
  // an index that lies about bytes shows that it is believed
  const at = index.indexOf(Buffer.from(hashOf("1"), "hex"));
  Buffer.from(hashOf("X"), "hex").copy(index, at);
  rewrite(indexFile(), index);
  assert.notEqual(await digest(open()), before);
  // and not for a file that was touched
  utimesSync(path.join(directory, "a"), 5, 5);
  assert.equal(await digest(open()), before);
});

test("where all files are as they were, the digest is the known one", async (t) => {
  const { directory, open, indexFile, knownFile } = await place(t, { a: "1", "d/b": "2", "e/c": "3" });
  const context = open(["e"]);
  const [before, part] = await context.digestSources([copy("/"), copy("/d")]);
  const known = readFileSync(knownFile());
  const at = known.indexOf(Buffer.from(before!, "hex"));
  known.write(hashOf("lie"), at, "hex");
  known.writeUInt32LE(crc32(known.subarray(12)), 8);
  writeFileSync(knownFile(), known);
  writeFileSync(indexFile(), "");
  const again = () => open(["e"]).digestSources([copy("/"), copy("/d")]);
  assert.deepEqual(await again(), [hashOf("lie"), part]);
  // what is not selected, and the time of a directory, change nothing
  writeFileSync(path.join(directory, "e/new"), "");
  utimesSync(path.join(directory, "d"), 5, 5);
  assert.deepEqual(await again(), [hashOf("lie"), part]);
  assert.equal(readFileSync(indexFile()).length, 0);
  // the time of a file does
  utimesSync(path.join(directory, "a"), 5, 5);
  assert.deepEqual(await again(), [before, part]);
});

const changes: [string, (at: (name: string) => string) => void][] = [
  ["other bytes", (at) => writeFileSync(at("a"), "9")],
  ["other bytes with the old times", (at) => writeWithTimesOf(at("a"), "9")],
  ["another mode", (at) => chmodSync(at("a"), 0o600)],
  ["another mode of a directory", (at) => chmodSync(at("d"), 0o700)],
  ["another name", (at) => renameSync(at("a"), at("a2"))],
  ["a file in the place of another", (at) => renameSync(at("a"), at("b"))],
  ["a file more", (at) => writeFileSync(at("d/z"), "")],
  ["a file less", (at) => rmSync(at("b"))],
  ["a directory more", (at) => mkdirSync(at("d/e"))],
  ["a file one directory up", (at) => renameSync(at("d/c"), at("c"))],
  ["another target of a link", (at) => (rmSync(at("l")), symlinkSync("b", at("l")))],
  ["a link in the place of a file", (at) => (rmSync(at("a")), symlinkSync("b", at("a")))],
  ["a file in the place of a link", (at) => (rmSync(at("l")), writeFileSync(at("l"), "a"))],
  ["a hard link in the place of a file", (at) => (rmSync(at("b")), linkSync(at("a"), at("b")))],
  [
    "names exchanged",
    (at) => (renameSync(at("a"), at("x")), renameSync(at("b"), at("a")), renameSync(at("x"), at("b"))),
  ],
];
for (const [title, change] of changes) {
  test(`${title}: the digest is what it would be without a memory`, async (t) => {
    const { directory, open } = await place(t, { a: "1", b: "2", "d/c": "3" });
    const at = (name: string) => path.join(directory, name);
    symlinkSync("a", at("l"));
    const before = await digest(open());
    assert.equal(await digest(open()), before);
    change(at);
    const after = await digest(open());
    assert.notEqual(after, before);
    assert.equal(after, await digest(openContext(directory)));
    await setTimeout(40);
    assert.equal(await digest(open()), after);
    assert.equal(await digest(open()), after);
  });
}

function writeWithTimesOf(file: string, text: string): void {
  const { atime, mtime } = statSync(file);
  writeFileSync(file, text);
  utimesSync(file, atime, mtime);
}

test("a digest is not remembered for a file that changes between the walk and the reading", async (t) => {
  const { directory, open, knownFile } = await place(t, { a: "1", b: "2" });
  const file = path.join(directory, "a");
  const original = fs.openSync;
  t.mock.method(fs, "openSync", (...args: Parameters<typeof fs.openSync>) => {
    if (String(args[0]) === file) {
      t.mock.restoreAll();
      syncBuiltinESMExports();
      writeFileSync(file, "3");
      utimesSync(file, 5, 5);
      t.mock.method(Date, "now", () => statSync(file).ctimeMs + 60_000);
    }
    return original(...args);
  });
  syncBuiltinESMExports();
  const found = await digest(open());
  assert.equal(found, await digest(openContext(directory)));
  assert.throws(knownFile);
  assert.equal(await digest(open()), found);
  assert.equal(readFileSync(knownFile()).length, 12 + 64);
});

test("the latest 1024 selections are known", async (t) => {
  const { directory, open, knownFile } = await place(t, { a: "1" });
  const found = await digest(open());
  const header = readFileSync(knownFile()).subarray(0, 12);
  const pairs = Buffer.concat(Array.from({ length: 2048 }, (_, at) => Buffer.from(hashOf(`${at}`), "hex")));
  header.writeUInt32LE(crc32(pairs), 8);
  writeFileSync(knownFile(), Buffer.concat([header, pairs]));
  assert.equal(await digest(open()), found);
  const known = readFileSync(knownFile()).subarray(12);
  assert.deepEqual(known.subarray(0, -64), pairs.subarray(64));
  assert.equal(known.subarray(-32).toString("hex"), found);
  utimesSync(path.join(directory, "a"), 5, 5);
  await setTimeout(40);
  assert.equal(await digest(open()), found);
  assert.equal(readFileSync(knownFile()).length, 12 + 1024 * 64);
});

test("an edit that keeps size and mtime is seen", async (t) => {
  const { directory, open } = await place(t, { a: "1" });
  utimesSync(path.join(directory, "a"), 5, 5);
  await setTimeout(40);
  const before = await digest(open());
  writeFileSync(path.join(directory, "a"), "2");
  utimesSync(path.join(directory, "a"), 5, 5);
  assert.notEqual(await digest(open()), before);
});

test("a file written in the same clock tick as it was read is read again", async (t) => {
  const { directory, open, indexFile, knownFile } = await place(t, { a: "1" });
  const file = path.join(directory, "a");
  writeFileSync(file, "2");
  t.mock.method(Date, "now", () => statSync(file).ctimeMs);
  await digest(open());
  assert.equal(readFileSync(indexFile()).readUInt32LE(8), 0);
  assert.throws(knownFile);
});

const damages: [string, (bytes: Buffer) => Buffer][] = [
  ["empty", () => Buffer.alloc(0)],
  ["cut", (bytes) => bytes.subarray(0, bytes.length - 7)],
  ["of another version", (bytes) => Buffer.concat([Buffer.from("SLIPCTX0"), bytes.subarray(8)])],
  [
    "changed in one bit",
    (bytes) => {
      bytes[bytes.length - 40]! ^= 1;
      return bytes;
    },
  ],
  [
    "of absurd length",
    (bytes) => {
      bytes.writeUInt32LE(0xffff_ffff, 8);
      return bytes;
    },
  ],
];
for (const [title, damage] of damages) {
  test(`an index that is ${title} costs time only`, async (t) => {
    const { open, indexFile, knownFile } = await place(t, { a: "1", b: "2" });
    const before = await digest(open());
    const known = readFileSync(knownFile());
    rmSync(knownFile());
    writeFileSync(indexFile(), damage(readFileSync(indexFile())));
    assert.equal(await digest(open()), before);
    assert.equal(readFileSync(indexFile()).readUInt32LE(8), 2);
    writeFileSync(knownFile(), damage(readFileSync(knownFile())));
    assert.equal(await digest(open()), before);
    assert.deepEqual(readFileSync(knownFile()), known);
  });
}

test("an index that cannot be written is done without", async (t) => {
  const { directory } = await place(t, { a: "1" });
  const indexDir = path.join(directory, "a", "no", "directory");
  assert.match(await digest(openContext(directory, { indexDir })), /^[0-9a-f]{64}$/);
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

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Writes an index with a checksum that is right. */
function rewrite(file: string, bytes: Buffer): void {
  bytes.writeUInt32LE(crc32(bytes.subarray(24)), 16);
  writeFileSync(file, bytes);
}
