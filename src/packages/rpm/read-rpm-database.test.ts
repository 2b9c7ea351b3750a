import assert from "node:assert/strict";
import { test } from "node:test";
import type { FoundPackage } from "../found-package.ts";
import { readRpmDatabase } from "./read-rpm-database.ts";
import { makeBdb, makeHeader, makeNdb, makeSqlite } from "./testing/make-database.ts";

const filler = { 1004: "x".repeat(3000) };
const headers = [
  makeHeader({
    1000: "bash",
    1001: "5.1.8",
    1002: "9.el9",
    1022: "x86_64",
    1014: "GPLv3+",
    1044: "bash-5.1.8-9.el9.src.rpm",
    ...filler,
  }),
  makeHeader({ 1000: "gpg-pubkey", 1001: "fd431d51", 1002: "4ae0493b", 1044: "(none)" }),
  makeHeader({ ...filler, 1000: "openssl", 1003: 1, 1001: "3.0.7", 1002: "27.el9", 1022: "s390x" }),
];

const rows: [name: string, path: string, bytes: Buffer][] = [
  ["SQLite", "/var/lib/rpm/rpmdb.sqlite", makeSqlite(headers)],
  ["rpm's own format", "/usr/lib/sysimage/rpm/Packages.db", makeNdb(headers)],
  ["Berkeley DB", "/var/lib/rpm/Packages", makeBdb(headers)],
  ["Berkeley DB of a big-endian machine", "/var/lib/rpm/Packages", makeBdb(headers, "BE")],
];

for (const [name, path, bytes] of rows) {
  test(`the packages of a database in ${name} are listed, keys left out`, () => {
    assert.deepEqual(readBytes(bytes, path), [
      {
        type: "rpm",
        name: "bash",
        version: "5.1.8-9.el9",
        architecture: "x86_64",
        license: "GPLv3+",
        source: "bash-5.1.8-9.el9.src.rpm",
        path,
      },
      { type: "rpm", name: "openssl", version: "3.0.7-27.el9", epoch: 1, architecture: "s390x", path },
    ]);
  });

  test(`a database in ${name} that is cut off anywhere is refused, or holds all`, () => {
    for (let length = 0; length < bytes.length; length += 61) {
      const found = tryRead(bytes.subarray(0, length), path);
      assert.ok(found === undefined || found.length === 2, `${length} bytes`);
    }
  });

  test(`whatever a byte of a database in ${name} is, reading ends`, () => {
    const startedAtMs = Date.now();
    for (let at = 0; at < bytes.length; at += 7) {
      for (const value of [0, 1, 0x7f, 0xff]) {
        const damaged = Buffer.from(bytes);
        damaged[at] = value;
        tryRead(damaged, path);
      }
    }
    assert.ok(Date.now() - startedAtMs < 20_000);
  });
}

test("what is no database, and a tree that bites its tail, are refused", () => {
  const refuses = (bytes: Buffer, path: string, message: RegExp) =>
    assert.throws(() => readBytes(bytes, path), message);
  const noise = Buffer.alloc(4096, "noise");
  refuses(noise, "rpmdb.sqlite", /^Error: it is no SQLite database$/);
  refuses(noise, "Packages.db", /^Error: it is no database of rpm$/);
  refuses(noise, "Packages", /^Error: it is no hash of Berkeley DB$/);
  const loop = makeSqlite(headers);
  loop.writeUInt32BE(2, 512 + 8); // the root's last child is the root
  refuses(loop, "rpmdb.sqlite", /^Error: page 2 is in its tree twice$/);
  const twice = makeNdb([headers[0]!]);
  for (let at = 64; at < 4096; at += 16) twice.copy(twice, at, 48, 64); // every slot has the same package
  refuses(twice, "Packages.db", /^Error: parts of it are used twice$/);
  refuses(
    makeNdb([makeHeader({ 1000: "nameless" })]),
    "Packages.db",
    /^Error: a package has no name or no version$/,
  );
});

test("a value of Berkeley DB that is told byte by byte by one page is refused", () => {
  const bytes = makeBdb(headers);
  const [first, length] = [2, 16 << 20]; // the first page of the first value
  bytes.writeUInt32LE(length, 512 + 500 + 8);
  bytes.writeUInt32LE(first, first * 512 + 16);
  bytes.writeUInt16LE(1, first * 512 + 22);
  const { pagesRead, error } = readCounted(bytes, "Packages");
  assert.equal(error, "page 2 is no part of a value");
  assert.ok(pagesRead < 10, `${pagesRead} reads`);
});

test("rows of SQLite that hold no package, yet lead through the same pages again and again, are refused", () => {
  const bytes = makeSqlite(headers);
  const [leaf, overflow] = [2 * 512, 4]; // where the first leaf is, and the number of a page of a chain
  bytes.writeUInt32BE(overflow, (overflow - 1) * 512); // which goes on with itself
  const length = 39 + 508 * 100_000; // of a row, with 39 bytes on the leaf
  const varint = [21, 14, 7].map((bits) => ((length >> bits) & 0x7f) | 0x80);
  const head = [...varint, length & 0x7f, 1];
  Buffer.from([...head, 2, 0, ...Buffer.alloc(37), 0, 0, 0, overflow]).copy(bytes, leaf + 464);
  bytes.writeUInt16BE(100, leaf + 3);
  for (let index = 0; index < 100; index++) bytes.writeUInt16BE(464, leaf + 8 + index * 2);
  const { pagesRead, error } = readCounted(bytes, "rpmdb.sqlite");
  assert.equal(error, "parts of it are used twice");
  assert.ok(pagesRead < 20, `${pagesRead} reads`);
});

/** How often a file is read until it is refused. */
function readCounted(bytes: Buffer, path: string) {
  let pagesRead = 0;
  const read = (position: number, length: number) => {
    pagesRead++;
    return bytes.subarray(position, position + length);
  };
  try {
    readRpmDatabase(read, { path, sizeBytes: bytes.length });
  } catch (error) {
    return { pagesRead, error: (error as Error).message };
  }
  return { pagesRead, error: undefined };
}

function readBytes(bytes: Buffer, path: string): readonly FoundPackage[] {
  const read = (position: number, length: number) => bytes.subarray(position, position + length);
  return readRpmDatabase(read, { path, sizeBytes: bytes.length });
}

/** Undefined when it is refused; any other error is a fault. */
function tryRead(bytes: Buffer, path: string): readonly FoundPackage[] | undefined {
  try {
    return readBytes(bytes, path);
  } catch (error) {
    if ((error as Error).constructor.name === "DatabaseError") return undefined;
    throw error;
  }
}
