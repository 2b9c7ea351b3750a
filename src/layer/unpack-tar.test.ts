import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { getXattr } from "../sys/index.ts";
import type { UnpackOptions } from "./index.ts";
import { archiveOf, gnuTar, scratchDirectory, sha256, trusted, unpack } from "./test-archives.ts";
import { unpackTar } from "./unpack-tar.ts";

const seconds = 10n ** 9n;
const isRoot = process.getuid?.() === 0;
const needsRoot = isRoot ? {} : { skip: "owners need root" };

test(
  "files get owner, mode, attributes and times; directory times outlive their files",
  needsRoot,
  async (t) => {
    const { target } = await unpack(
      t,
      archiveOf(
        { path: "dir/", type: "directory", mode: 0o2750, uid: 5, gid: 6, mtimeNs: 100n * seconds },
        { path: "dir/su", mode: 0o4755, uid: 3_000_000, gid: 7, content: "x", mtimeNs: 200n * seconds },
        { path: "dir/link", type: "symlink", linkPath: "su", uid: 8, mtimeNs: 300n * seconds },
        { path: "cap", xattrs: [{ name: "security.capability", value: capability }] },
      ),
    );
    const dir = statSync(`${target}/dir`);
    assert.deepEqual([dir.mode & 0o7777, dir.uid, dir.gid, dir.mtimeMs], [0o2750, 5, 6, 100_000]);
    const file = statSync(`${target}/dir/su`);
    assert.deepEqual([file.mode & 0o7777, file.uid, file.gid, file.mtimeMs], [0o4755, 3_000_000, 7, 200_000]);
    const link = lstatSync(`${target}/dir/link`);
    assert.deepEqual([link.uid, link.mtimeMs, readlinkSync(`${target}/dir/link`)], [8, 300_000, "su"]);
    assert.deepEqual(getXattr(`${target}/cap`, "security.capability"), capability);
  },
);

/** As on `newuidmap`; byte 0x80 is no UTF-8. */
const capability = Buffer.from("0100000280000000000000000000000000000000", "hex");

test("diffID and sizes are those of the uncompressed bytes, trailing ones included", needsRoot, async (t) => {
  const tar = Buffer.concat([archiveOf({ path: "a", content: "12345" }), Buffer.from("trailer")]);
  for (const bytes of [
    tar,
    gzipSync(tar),
    Buffer.concat([gzipSync(tar.subarray(0, 700)), gzipSync(tar.subarray(700))]),
  ]) {
    const { result } = await unpack(t, bytes);
    assert.deepEqual([result.diffID, result.tarSizeBytes, result.sizeBytes], [sha256(tar), tar.length, 5]);
  }
});

for (const program of ["zstd", "xz", "bzip2"]) {
  test(`${program} archives are unpacked`, needsRoot, async (t) => {
    const tar = archiveOf({ path: "a", content: "12345" });
    const packed = spawnSync(program, ["-c"], { input: tar });
    if (packed.error) return t.skip(`no ${program} program`);
    const { result, target } = await unpack(t, packed.stdout);
    assert.equal(result.diffID, sha256(tar));
    assert.equal(readFileSync(`${target}/a`, "utf8"), "12345");
    const cut = unpack(t, packed.stdout.subarray(0, packed.stdout.length - 9));
    await assert.rejects(cut, { code: "DECOMPRESSION_FAILED" });
  });
}

test("a file, a descriptor and chunks are sources alike", needsRoot, async (t) => {
  const tar = archiveOf({ path: "a", content: "x".repeat(3_000_000) });
  const file = path.join(scratchDirectory(t), "a.tar");
  writeFileSync(file, tar);
  const fd = openSync(file, "r");
  async function* chunks() {
    for (let at = 0; at < tar.length; at += 100_001) yield tar.subarray(at, at + 100_001);
  }
  for (const source of [file, fd, chunks()]) {
    const result = await unpackTar(source, path.join(scratchDirectory(t), "t"), {
      form: "rootfs",
      opaqueXattr: trusted,
    });
    assert.equal(result.diffID, sha256(tar));
  }
  closeSync(fd);
});

test("a diffID that differs throws and leaves nothing", needsRoot, async (t) => {
  const tar = archiveOf({ path: "d/a", content: "x" });
  const target = path.join(scratchDirectory(t), "layer");
  const expectedDiffID = `sha256:${"0".repeat(64)}` as UnpackOptions["expectedDiffID"];
  await assert.rejects(unpack(t, tar, { expectedDiffID }, target), {
    code: "DIFF_ID_MISMATCH",
    message: `Cannot verify layer: wanted diffID ${expectedDiffID}, got ${sha256(tar)}`,
  });
  assert.equal(existsSync(target), false);
});

test("whiteouts become 0:0 devices, opaque directories an attribute", needsRoot, async (t) => {
  const { target } = await unpack(
    t,
    archiveOf(
      { path: "d/.wh.gone", mtimeNs: 50n * seconds },
      { path: "o/.wh..wh..opq" },
      { path: "o/new", content: "x" },
      { path: ".wh..wh.plnk/1.2", content: "aufs" },
    ),
  );
  const gone = lstatSync(`${target}/d/gone`);
  assert.deepEqual([gone.isCharacterDevice(), gone.rdev, gone.mtimeMs], [true, 0, 50_000]);
  assert.equal(getXattr(`${target}/o`, trusted)?.toString(), "y");
  assert.deepEqual(readdirSync(`${target}/o`), ["new"]);
  assert.deepEqual(readdirSync(target).sort(), ["d", "o"]);
});

test("a whiteout hides only what lies below, in either order", needsRoot, async (t) => {
  const files = [
    { path: "a/", type: "directory" as const },
    { path: "a/b", content: "x" },
    { path: "f", content: "y" },
  ];
  const whiteouts = [{ path: ".wh.a" }, { path: ".wh.f" }];
  for (const order of [
    [...files, ...whiteouts],
    [...whiteouts, ...files],
  ]) {
    const { target } = await unpack(t, archiveOf(...order));
    assert.equal(readFileSync(`${target}/a/b`, "utf8"), "x");
    assert.equal(readFileSync(`${target}/f`, "utf8"), "y");
    assert.equal(getXattr(`${target}/a`, trusted)?.toString(), "y");
  }
});

test("whiteout names are ordinary in a root file system", needsRoot, async (t) => {
  const { target } = await unpack(t, archiveOf({ path: ".wh.a", content: "kept" }), { form: "rootfs" });
  assert.equal(readFileSync(`${target}/.wh.a`, "utf8"), "kept");
});

test("the last entry of a name wins, whatever the types", needsRoot, async (t) => {
  const { target, result } = await unpack(
    t,
    archiveOf(
      { path: "a", content: "first" },
      { path: "a", content: "2" },
      { path: "b/c", content: "in a directory" },
      { path: "b", content: "now a file" },
      { path: "e", content: "a file" },
      { path: "e/", type: "directory" },
      { path: "e/f", content: "inside" },
      { path: "g", content: "itself" },
      { path: "g", type: "hardlink", linkPath: "./g" },
      { path: "h", type: "hardlink", linkPath: "/g" },
    ),
    { form: "rootfs" },
  );
  const text = (name: string) => readFileSync(`${target}/${name}`, "utf8");
  assert.deepEqual(["a", "b", "e/f", "g", "h"].map(text), ["2", "now a file", "inside", "itself", "itself"]);
  assert.equal(statSync(`${target}/g`).ino, statSync(`${target}/h`).ino);
  assert.equal(result.sizeBytes, 1 + 10 + 6 + 6);
});

test("names that are not UTF-8 keep their bytes", needsRoot, async (t) => {
  const name = "h\xf6he\xff\n";
  const { target } = await unpack(
    t,
    archiveOf({ path: `${name}/${name}`, content: "x" }, { path: name, content: "y" }),
  );
  assert.deepEqual(readdirSync(target, "latin1"), [name]);
});

test("nanosecond times and sparse files are exact", needsRoot, async (t) => {
  const source = scratchDirectory(t);
  const made = spawnSync(
    "sh",
    [
      "-c",
      'truncate -s 5M s && printf x | dd of=s bs=1 seek=2M conv=notrunc 2>&1 && touch -d "2001-02-03 04:05:06.123456789Z" s',
    ],
    { cwd: source },
  );
  const tar = gnuTar(["-C", source, "--format=pax", "--sparse", "-cf", "-", "s"]);
  if (made.status !== 0 || !tar) return t.skip("no tar program");
  const { target } = await unpack(t, tar);
  const stat = statSync(`${target}/s`, { bigint: true });
  assert.equal(stat.mtimeNs, 981_173_106_123_456_789n);
  assert.equal(stat.size, 5n * 1024n * 1024n);
  assert.ok(stat.blocks * 512n < 1024n * 1024n, "holes stay holes");
  assert.equal(readFileSync(`${target}/s`)[2 * 1024 * 1024], 0x78);
});

test("a directory that no entry lists gets the time of the entry that needs it", needsRoot, async (t) => {
  const { target } = await unpack(t, archiveOf({ path: "a/b/c", mtimeNs: 77n * seconds }));
  assert.deepEqual(
    [statSync(`${target}/a`).mtimeMs, statSync(`${target}/a/b`).mode & 0o777],
    [77_000, 0o755],
  );
});

test("an archive is unpacked over an existing directory, which stays when it fails", needsRoot, async (t) => {
  const target = scratchDirectory(t);
  mkdirSync(`${target}/d`, { mode: 0o711 });
  writeFileSync(`${target}/d/old`, "old");
  await unpack(t, archiveOf({ path: "d/new", content: "new" }), { form: "files" }, target);
  assert.deepEqual(readdirSync(`${target}/d`).sort(), ["new", "old"]);
  assert.equal(statSync(`${target}/d`).mode & 0o777, 0o711);
  await assert.rejects(unpack(t, Buffer.from("junk".repeat(300)), { form: "files" }, target), {
    code: "INVALID_TAR",
  });
  assert.equal(existsSync(`${target}/d/old`), true);
});
