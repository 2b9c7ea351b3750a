import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { makeNode, setXattr } from "../sys/index.ts";
import { layerEntries } from "./layer-entries.ts";
import { type PackOptions, packTar } from "./pack-tar.ts";
import {
  archiveOf,
  collect,
  gnuTar,
  pythonArchive,
  readArchive,
  scratchDirectory,
  sha256,
  trusted,
  unpack,
} from "./test-archives.ts";

const needsRoot = process.getuid?.() === 0 ? {} : { skip: "owners need root" };

async function pack(directory: string, options: PackOptions = {}) {
  const { sink, bytes } = collect();
  const result = await packTar(layerEntries(directory, { opaqueXattr: trusted }), sink, options);
  return { result, bytes: bytes() };
}

const second = 10n ** 9n;
const entries = [
  { path: "a/", type: "directory" as const, mode: 0o1777, mtimeNs: 9n * second },
  { path: "a/.wh.gone", mode: 0o600, mtimeNs: 8n * second },
  {
    path: "a/cap",
    uid: 1,
    xattrs: [
      { name: "security.capability", value: Buffer.from("0100000280000000000000000000000000000000", "hex") },
    ],
  },
  { path: "a/disk", type: "block-device" as const, deviceMajor: 259, deviceMinor: 70_000 },
  { path: "a/first", uid: 3_000_000, gid: 7, mode: 0o4755, content: "hello", mtimeNs: 7n * second },
  { path: "a/h\xf6he\xff", content: "x".repeat(1025) },
  { path: "a/link", type: "symlink" as const, mode: 0o777, linkPath: `../${"t".repeat(150)}` },
  { path: "a/pipe", type: "fifo" as const },
  {
    path: "a/second",
    type: "hardlink" as const,
    linkPath: "a/first",
    uid: 3_000_000,
    gid: 7,
    mode: 0o4755,
    mtimeNs: 7n * second,
  },
  { path: "a-b", content: "sorts after what is in a/" },
  { path: "opaque/", type: "directory" as const, mode: 0o755, uid: 4 },
  { path: "opaque/.wh..wh..opq", mode: 0o755, uid: 4 },
  { path: "long/".repeat(30), type: "directory" as const, mode: 0o755 },
].sort((a, b) => (sortKey(a.path) < sortKey(b.path) ? -1 : 1));

/** A slash sorts before everything: what is in a directory follows it at once. A whiteout stands where its file would. */
function sortKey(name: string): string {
  return name.replace("/.wh..wh..opq", "/\x00").replace("/.wh.", "/").replaceAll("/", "\x01");
}

test("a layer that was unpacked is packed to the same bytes", needsRoot, async (t) => {
  const parents = Array.from({ length: 29 }, (_, depth) => ({
    path: "long/".repeat(depth + 1),
    type: "directory" as const,
    mode: 0o755,
  }));
  const tar = archiveOf(
    ...[...entries, ...parents].sort((a, b) => (sortKey(a.path) < sortKey(b.path) ? -1 : 1)),
  );
  const { target, result } = await unpack(t, tar);
  if (result.skippedDevices > 0) return t.skip("device nodes are not allowed here");
  const packed = await pack(target);
  const names = (archive: Buffer) => readArchive(archive).map((entry) => entry.path);
  assert.deepEqual(names(packed.bytes), names(tar));
  assert.equal(packed.result.diffID, sha256(tar));
  assert.equal(packed.result.tarSizeBytes, tar.length);
  assert.ok(packed.bytes.equals(tar));
});

test("the same tree gives the same bytes, whatever the order in which it was made", needsRoot, async (t) => {
  const make = (names: string[]) => {
    const directory = scratchDirectory(t);
    for (const name of names) {
      writeFileSync(path.join(directory, name), name);
      utimesSync(path.join(directory, name), 5, 5);
    }
    return directory;
  };
  const [one, other] = [make(["c", "a", "b", "B"]), make(["b", "B", "a", "c"])];
  assert.deepEqual(await pack(one), await pack(other));
  assert.deepEqual(
    readArchive((await pack(one)).bytes).map((e) => e.path),
    ["B", "a", "b", "c"],
  );
});

test(
  "links to files outside of the layer are no links of the layer, sockets are left out",
  needsRoot,
  async (t) => {
    const [layer, elsewhere] = [scratchDirectory(t), scratchDirectory(t)];
    writeFileSync(`${elsewhere}/f`, "shared");
    linkSync(`${elsewhere}/f`, `${layer}/f`);
    makeNode(`${layer}/socket`, { type: "socket", mode: 0o600 });
    const [entry, ...rest] = readArchive((await pack(layer)).bytes);
    assert.deepEqual([entry!.type, entry!.content.toString(), rest.length], ["file", "shared", 0]);
  },
);

test("attributes of overlayfs and of the host are left out", needsRoot, async (t) => {
  const layer = scratchDirectory(t);
  mkdirSync(`${layer}/d`);
  setXattr(`${layer}/d`, "trusted.overlay.opaque", Buffer.from("x"));
  setXattr(`${layer}/d`, "trusted.overlay.origin", Buffer.from("\x00\xfb"));
  setXattr(`${layer}/d`, "trusted.kept", Buffer.from([0, 0x80]));
  const [entry, ...rest] = readArchive((await pack(layer)).bytes);
  assert.deepEqual(entry!.xattrs, [{ name: "trusted.kept", value: Buffer.from([0, 0x80]) }]);
  assert.equal(rest.length, 0);
});

test("what a layer tar cannot say is refused", needsRoot, async (t) => {
  const layer = scratchDirectory(t);
  mkdirSync(`${layer}/d`);
  writeFileSync(`${layer}/d/.wh.f`, "");
  await assert.rejects(pack(layer), {
    code: "UNREPRESENTABLE",
    message: 'Cannot pack "d/.wh.f" into a layer: names with ".wh." stand for deleted files',
  });
  const redirected = scratchDirectory(t);
  mkdirSync(`${redirected}/d`);
  setXattr(`${redirected}/d`, "trusted.overlay.redirect", Buffer.from("x"));
  await assert.rejects(pack(redirected), {
    code: "UNREPRESENTABLE",
    message: 'Cannot pack "d" into a layer: it is redirected to another layer',
  });
});

test("GNU tar and Python read what is packed", needsRoot, async (t) => {
  const layer = scratchDirectory(t);
  writeFileSync(`${layer}/${"n".repeat(200)}`, "long");
  symlinkSync("x".repeat(300), `${layer}/link`);
  writeFileSync(`${layer}/h\u00f6he`, "text");
  chownSync(`${layer}/h\u00f6he`, 3_000_000, 5);
  chmodSync(`${layer}/h\u00f6he`, 0o2755);
  for (const name of ["n".repeat(200), "link", "h\u00f6he"]) lutimesSync(`${layer}/${name}`, 86_400, 86_400);
  const { bytes } = await pack(layer);
  const listing = gnuTar(
    ["--numeric-owner", "--utc", "--full-time", "--quoting-style=literal", "-tvf", "-"],
    bytes,
  );
  if (!listing) return t.skip("no tar program");
  assert.match(listing.toString(), /-rwxr-sr-x 3000000\/5 +4 1970-01-02 00:00:00 h\u00f6he\n/);
  assert.match(listing.toString(), new RegExp(`link -> ${"x".repeat(300)}\n`));
  const names = pythonArchive(
    `t = tarfile.open(fileobj=io.BytesIO(bytes.fromhex("${bytes.toString("hex")}")))\nout.write("|".join(m.name for m in t).encode())`,
  );
  if (names) assert.equal(names.toString(), `h\u00f6he|link|${"n".repeat(200)}`);
});

async function bigLayer(t: TestContext): Promise<string> {
  const layer = scratchDirectory(t);
  const block = Buffer.from(Array.from({ length: 65_536 }, (_, at) => (at * at) % 251));
  for (let at = 0; at < 8; at++)
    writeFileSync(`${layer}/f${at}`, Buffer.concat(Array.from({ length: at * 7 }, () => block)));
  return layer;
}

for (const compression of ["gzip", "zstd"] as const) {
  test(`${compression} gives the tar back, and the same bytes every time`, needsRoot, async (t) => {
    if (compression === "zstd" && spawnSync("zstd", ["--version"]).error) return t.skip("no zstd program");
    const layer = await bigLayer(t);
    const plain = await pack(layer);
    const [first, again] = [await pack(layer, { compression }), await pack(layer, { compression })];
    assert.ok(first.bytes.equals(again.bytes));
    assert.deepEqual(first.result, plain.result);
    assert.ok(first.bytes.length < plain.bytes.length / 10);
    if (compression === "gzip") {
      assert.ok(gunzipSync(first.bytes).equals(plain.bytes));
      assert.ok(
        spawnSync("gzip", ["-dc"], { input: first.bytes, maxBuffer: 2 ** 26 }).stdout.equals(plain.bytes),
      );
    }
    const { result } = await unpack(t, first.bytes);
    assert.equal(result.diffID, plain.result.diffID);
  });
}

test("an empty layer is two zero blocks, compressed or not", needsRoot, async (t) => {
  const layer = scratchDirectory(t);
  assert.ok((await pack(layer)).bytes.equals(Buffer.alloc(1024)));
  assert.ok(
    gunzipSync((await pack(layer, { compression: "gzip", level: 9 })).bytes).equals(Buffer.alloc(1024)),
  );
});

test("without a sink the tar is only hashed", needsRoot, async (t) => {
  const layer = await bigLayer(t);
  const hashed = await packTar(layerEntries(layer, { opaqueXattr: trusted }), undefined, {
    compression: "gzip",
  });
  assert.deepEqual(hashed, (await pack(layer)).result);
});

test(
  "a file that shrinks under the reader, a failing sink and a wrong level are errors",
  needsRoot,
  async (t) => {
    const layer = await bigLayer(t);
    function* shrinking() {
      for (const packed of layerEntries(layer, { opaqueXattr: trusted })) {
        if (packed.entry.path === "f7") truncateSync(`${layer}/f7`, 100);
        yield packed;
      }
    }
    await assert.rejects(packTar(shrinking(), collect().sink), {
      code: "READ_FAILED",
      message: `Cannot pack "${layer}/f7": it became shorter while it was read`,
    });
    const full = {
      write() {
        throw new Error("no space");
      },
    };
    for (const compression of ["none", "gzip", "zstd"] as const) {
      await assert.rejects(packTar(layerEntries(layer, { opaqueXattr: trusted }), full, { compression }), {
        message: "no space",
      });
    }
    await assert.rejects(pack(layer, { compression: "gzip", level: 10 }), {
      code: "COMPRESSION_FAILED",
      message: "Cannot compress with gzip level 10: wanted a whole number from 0 to 9",
    });
    assert.equal(statSync(`${layer}/f1`).size, readFileSync(`${layer}/f1`).length);
  },
);
