import assert from "node:assert/strict";
import { createHash, hash } from "node:crypto";
import fs, {
  chmodSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import path from "node:path";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { openContext } from "./index.ts";
import { copy, digest, place } from "./test-contexts.ts";

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
  known.set(hash("sha256", known.subarray(40), "buffer"), 8);
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

test("many files that are not as they were are told of before they are digested", async (t) => {
  const files = Array.from({ length: 1000 }, (_, at) => [`f${at}`, `${at}`] as const);
  const { directory, open } = await place(t, Object.fromEntries(files));
  const told = async (source: string) => {
    let calls = 0;
    await open().digestSources([copy(source)], () => calls++);
    return calls;
  };
  assert.equal(await told("/"), 1);
  assert.equal(await told("/"), 0);
  utimesSync(path.join(directory, "f7"), 5, 5);
  await setTimeout(40);
  assert.equal(await told("/f7"), 0);
  assert.equal(await told("/"), 1);
  assert.equal(await told("/"), 0);
});

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
  assert.equal(readFileSync(knownFile()).length, 40 + 64);
});

test("the latest 1024 selections are known", async (t) => {
  const { directory, open, knownFile } = await place(t, { a: "1" });
  const found = await digest(open());
  const header = readFileSync(knownFile()).subarray(0, 40);
  const pairs = Buffer.concat(Array.from({ length: 2048 }, (_, at) => Buffer.from(hashOf(`${at}`), "hex")));
  header.set(hash("sha256", pairs, "buffer"), 8);
  writeFileSync(knownFile(), Buffer.concat([header, pairs]));
  assert.equal(await digest(open()), found);
  const known = readFileSync(knownFile()).subarray(40);
  assert.deepEqual(known.subarray(0, -64), pairs.subarray(64));
  assert.equal(known.subarray(-32).toString("hex"), found);
  utimesSync(path.join(directory, "a"), 5, 5);
  await setTimeout(40);
  assert.equal(await digest(open()), found);
  assert.equal(readFileSync(knownFile()).length, 40 + 1024 * 64);
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

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Writes an index with a checksum that is right. */
function rewrite(file: string, bytes: Buffer): void {
  bytes.writeUInt32LE(crc32(bytes.subarray(24)), 16);
  writeFileSync(file, bytes);
}
