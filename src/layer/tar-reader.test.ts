import assert from "node:assert/strict";
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { archiveOf, entryOf, gnuTar, pythonArchive, readArchive } from "./test-archives.ts";
import { TarReader } from "./tar-reader.ts";
import { encodeTarHeader } from "./tar-writer.ts";

const nasty = archiveOf(
  { path: "dir/", type: "directory", mode: 0o1777 },
  {
    path: "dir/file",
    mode: 0o4755,
    uid: 3_000_000,
    gid: 70_000,
    content: "hello",
    mtimeNs: 1_700_000_000n * 10n ** 9n,
  },
  { path: "h\xf6he\xff", content: "not UTF-8" },
  { path: `${"long/".repeat(60)}name`, content: "x".repeat(1025) },
  { path: "cap", xattrs: [{ name: "security.capability", value: Buffer.from([1, 0, 0x80, 10, 0]) }] },
  { path: "link", type: "symlink", linkPath: `../${"t".repeat(200)}` },
  { path: "hard", type: "hardlink", linkPath: "dir/file" },
  { path: "disk", type: "block-device", deviceMajor: 259, deviceMinor: 70_000 },
  { path: "old", mtimeNs: -5_000_000_000n },
  { path: "late", mtimeNs: 9_000_000_000n * 10n ** 9n },
);

test("what the writer encodes, the reader reads, however the chunks are cut", () => {
  const whole = readArchive(nasty);
  for (const chunkBytes of [1, 7, 511, 512, 513, 4096])
    assert.deepEqual(readArchive(nasty, chunkBytes), whole);
  const byPath = new Map(whole.map((entry) => [entry.path, entry]));
  const file = byPath.get("dir/file")!;
  assert.deepEqual(
    [file.mode, file.uid, file.gid, file.content.toString()],
    [0o4755, 3_000_000, 70_000, "hello"],
  );
  assert.equal(byPath.get("h\xf6he\xff")!.content.toString(), "not UTF-8");
  assert.equal(byPath.get(`${"long/".repeat(60)}name`)!.content.length, 1025);
  assert.deepEqual(byPath.get("cap")!.xattrs, [
    { name: "security.capability", value: Buffer.from([1, 0, 0x80, 10, 0]) },
  ]);
  assert.equal(byPath.get("link")!.linkPath, `../${"t".repeat(200)}`);
  assert.deepEqual([byPath.get("hard")!.type, byPath.get("hard")!.linkPath], ["hardlink", "dir/file"]);
  assert.deepEqual([byPath.get("disk")!.deviceMajor, byPath.get("disk")!.deviceMinor], [259, 70_000]);
  assert.equal(byPath.get("old")!.mtimeNs, -5_000_000_000n);
  assert.equal(byPath.get("late")!.mtimeNs, 9_000_000_000n * 10n ** 9n);
});

test("GNU tar lists what the writer encodes", (t) => {
  const listing = gnuTar(["--numeric-owner", "--full-time", "--utc", "-tvf", "-"], nasty);
  if (!listing) return t.skip("no tar program");
  const text = listing.toString("latin1");
  assert.match(text, /-rwsr-xr-x 3000000\/70000 +5 2023-11-14 22:13:20 dir\/file/);
  assert.match(text, /brw-r--r-- 0\/0 +259,70000 1970-01-01 00:00:00 disk/);
  assert.match(text, /hrw-r--r-- 0\/0 +0 1970-01-01 00:00:00 hard link to dir\/file/);
  assert.equal(text.split("\n").length, 11);
});

for (const format of ["USTAR", "GNU", "PAX"]) {
  test(`Python's ${format} archives are read`, (t) => {
    const archive = pythonArchive(`
tar = tarfile.open(fileobj=out, mode="w|", format=tarfile.${format}_FORMAT, encoding="utf-8", errors="surrogateescape")
for name, kind in [("d", tarfile.DIRTYPE), ("n" * 90, tarfile.REGTYPE), ("a/" * 60 + "f", tarfile.REGTYPE), ("dev", tarfile.CHRTYPE), ("pipe", tarfile.FIFOTYPE)]:
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.uid, info.gid, info.mtime = kind, 0o640, 2000000, 7, 1234567890
    info.devmajor, info.devminor = (1, 300) if kind == tarfile.CHRTYPE else (0, 0)
    info.size = 3 if kind == tarfile.REGTYPE else 0
    tar.addfile(info, io.BytesIO(b"abc"))
tar.close()
`);
    if (!archive) return t.skip("no python3");
    const entries = readArchive(archive);
    assert.deepEqual(
      entries.map(({ path: name, type }) => [name.replace(/\/$/, ""), type]),
      [
        ["d", "directory"],
        ["n".repeat(90), "file"],
        [`${"a/".repeat(60)}f`, "file"],
        ["dev", "character-device"],
        ["pipe", "fifo"],
      ],
    );
    for (const entry of entries) {
      assert.deepEqual(
        [entry.mode, entry.uid, entry.gid, entry.mtimeNs],
        [0o640, 2_000_000, 7, 1_234_567_890n * 10n ** 9n],
      );
      if (entry.type === "file") assert.equal(entry.content.toString(), "abc");
    }
    assert.equal(entries[3]!.deviceMinor, 300);
  });
}

test("GNU tar's sparse files are expanded in every form", (t) => {
  const directory = mkdtempSync(path.join(tmpdir(), "sparse-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const content = Buffer.alloc(400_000);
  const file = openSync(path.join(directory, "holes"), "w");
  ftruncateSync(file, content.length);
  for (let at = 0; at < 360_000; at += 16_384) {
    content.fill(at / 16_384 + 1, at, at + 4096);
    writeSync(file, content, at, 4096, at);
  }
  closeSync(file);
  const options = ["--sparse", "--hole-detection=raw", "-C", directory, "-cf", "-", "holes"];
  for (const format of [
    ["-H", "gnu"],
    ...["0.0", "0.1", "1.0"].map((v) => ["-H", "pax", `--sparse-version=${v}`]),
  ]) {
    const archive = gnuTar([...format, ...options]);
    if (!archive) return t.skip("no tar program");
    assert.ok(archive.length < content.length, format.join(" "));
    const [entry] = readArchive(archive, 1000);
    assert.deepEqual(
      [entry!.path, entry!.isSparse, entry!.sizeBytes],
      ["holes", true, content.length],
      format.join(" "),
    );
    assert.ok(entry!.content.equals(content), format.join(" "));
  }
});

test("v7 archives are read, a trailing slash says directory", (t) => {
  const directory = mkdtempSync(path.join(tmpdir(), "v7-"));
  t.after(() => rmSync(directory, { recursive: true }));
  writeFileSync(path.join(directory, "f"), "seven");
  const archive = gnuTar(["-H", "v7", "--numeric-owner", "-C", directory, "-cf", "-", "."]);
  if (!archive) return t.skip("no tar program");
  assert.deepEqual(
    readArchive(archive).map((e) => [e.path, e.type, e.content.toString()]),
    [
      ["./", "directory", ""],
      ["./f", "file", "seven"],
    ],
  );
});

test("nanoseconds of a PAX time are kept", (t) => {
  const archive = pythonArchive(`
tar = tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT)
info = tarfile.TarInfo("f")
info.pax_headers = {"mtime": "2211854706.123456789", "comment": "x"}
tar.addfile(info)
tar.close()
`);
  if (!archive) return t.skip("no python3");
  assert.equal(readArchive(archive)[0]!.mtimeNs, 2_211_854_706_123_456_789n);
});

test("sizes of 8 GiB and more survive in the header", () => {
  const sizeBytes = 9 * 2 ** 40;
  const sizes: number[] = [];
  const reader = new TarReader({ entry: (e) => sizes.push(e.sizeBytes), data() {}, entryEnd() {} });
  reader.push(encodeTarHeader(entryOf({ path: "big", sizeBytes })));
  assert.deepEqual(sizes, [sizeBytes]);
  assert.throws(() => reader.end(), { code: "TRUNCATED_TAR" });
});

test("base-256 sizes are read", (t) => {
  const archive = pythonArchive(`
info = tarfile.TarInfo("big")
info.size = 12 * 2**30
out.write(info.tobuf(format=tarfile.GNU_FORMAT))
`);
  if (!archive) return t.skip("no python3");
  const sizes: number[] = [];
  const reader = new TarReader({ entry: (e) => sizes.push(e.sizeBytes), data() {}, entryEnd() {} });
  reader.push(archive);
  assert.deepEqual(sizes, [12 * 2 ** 30]);
});

test("an archive that ends between entries is whole, with or without its zero blocks", () => {
  const entries = archiveOf({ path: "a", content: "x" });
  assert.equal(readArchive(entries.subarray(0, 1024)).length, 1);
  assert.equal(readArchive(entries.subarray(0, 513)).length, 1);
  assert.equal(readArchive(entries.subarray(0, 1536)).length, 1);
  assert.equal(readArchive(Buffer.concat([entries, Buffer.from("anything")])).length, 1);
  assert.equal(readArchive(Buffer.alloc(0)).length, 0);
});

test("times beyond 64 bits of nanoseconds become 1970", () => {
  const late = archiveOf({ path: "f", mtimeNs: 99_999_999_999_999n * 10n ** 9n });
  assert.equal(readArchive(late)[0]!.mtimeNs, 0n);
});
