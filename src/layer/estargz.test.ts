import assert from "node:assert/strict";
import { test } from "node:test";
import zlib from "node:zlib";
import { digestOf, parseDiffID } from "../oci/index.ts";
import type { ExtendedTar } from "./byte-sink.ts";
import { EstargzEntries } from "./estargz-entries.ts";
import { EstargzSink } from "./estargz-sink.ts";
import { recompress } from "./recompress.ts";
import { tarEndBytes } from "./tar-writer.ts";
import { archiveOf, entryOf, readArchive } from "./test-archives.ts";

const chunkBytes = 4 * 1024 * 1024;
const large = Buffer.alloc(2 * chunkBytes + 5, "no two chunks are equal");
const exact = Buffer.alloc(chunkBytes, "exact ");

const tar = archiveOf(
  { path: "bin/", type: "directory", mode: 0o755, mtimeNs: 1_700_000_000_000_000_000n },
  { path: "bin/tool", mode: 0o4755, content: "#!/bin/sh\n", mtimeNs: 1_700_000_000_500_000_000n },
  { path: "bin/same", type: "hardlink", linkPath: "bin/tool" },
  { path: "bin/link", type: "symlink", mode: 0o777, linkPath: "tool" },
  { path: "empty", uid: 1000, gid: 1001 },
  { path: "exact", content: exact },
  { path: "large", content: large },
  { path: "null", type: "character-device", deviceMajor: 1, deviceMinor: 3 },
  { path: "w\xc3\xb6rter", xattrs: [{ name: "user.b", value: Buffer.from([0, 255]) }], content: "x" },
);

interface TocEntry {
  readonly name: string;
  readonly type: string;
  readonly size?: number;
  readonly offset?: number;
  readonly digest?: string;
  readonly chunkOffset?: number;
  readonly chunkSize?: number;
  readonly chunkDigest?: string;
}

test("the footer leads to the table of contents, which is the last thing of the tar", async () => {
  const { blob, result } = await convert(tar);
  const { offset, toc, json } = readToc(blob);
  assert.equal(blob.subarray(-51, -35).toString("hex"), "1f8b08040000000000ff1a0053471600");
  assert.equal(result.annotations["containerd.io/snapshot/stargz/toc.digest"], digestOf(json));
  assert.equal(toc.version, 1);
  const whole = zlib.gunzipSync(blob);
  assert.equal(result.diffID, digestOf(whole));
  assert.equal(result.annotations["io.containers.estargz.uncompressed-size"], String(whole.length));
  assert.deepEqual(whole.subarray(0, tar.length), tar, "the layer's tar stays what it is");
  assert.deepEqual(whole.subarray(tar.length), zlib.gunzipSync(blob.subarray(offset)));
  assert.deepEqual(readArchive(whole), readArchive(tar));
});

test("every file's bytes are found at their offsets, and are those of their digests", async () => {
  const { blob } = await convert(tar);
  const { entries } = readToc(blob).toc;
  for (const [name, content] of [
    ["bin/tool", Buffer.from("#!/bin/sh\n")],
    ["exact", exact],
    ["large", large],
    ["w\u00f6rter", Buffer.from("x")],
  ] as const) {
    const chunks = entries.filter((entry) => entry.name === name);
    const parts = chunks.map((chunk, index) => {
      assert.equal(chunk.type, index === 0 ? "reg" : "chunk");
      assert.equal(chunk.chunkOffset ?? 0, index * chunkBytes);
      const { size } = chunks[0]!;
      const part = memberAt(blob, chunk.offset!).subarray(0, chunk.chunkSize ?? size! - index * chunkBytes);
      assert.equal(digestOf(part), chunk.chunkDigest, `${name} ${index}`);
      return part;
    });
    assert.ok(Buffer.concat(parts).equals(content), name);
    assert.equal(chunks[0]!.digest, digestOf(content));
  }
  const sizes = entries.filter(({ name }) => name === "large").map(({ chunkSize }) => chunkSize);
  assert.deepEqual(sizes, [chunkBytes, chunkBytes, undefined]);
});

test("entries say what the tar does, and leave out what is zero", async () => {
  const { entries } = readToc((await convert(tar)).blob).toc;
  const others = entries.filter(({ offset }) => offset === undefined);
  assert.deepEqual(others, [
    { name: "bin/", type: "dir", modtime: "2023-11-14T22:13:20Z", mode: 0o755 },
    { name: "bin/same", type: "hardlink", linkName: "bin/tool", mode: 0o644 },
    { name: "bin/link", type: "symlink", linkName: "tool", mode: 0o777 },
    { name: "empty", type: "reg", mode: 0o644, uid: 1000, gid: 1001, digest: digestOf("") },
    { name: "null", type: "char", mode: 0o644, devMajor: 1, devMinor: 3 },
  ]);
  const { xattrs } = entries.find(({ name }) => name === "w\u00f6rter") as unknown as { xattrs: object };
  assert.deepEqual(xattrs, { "user.b": "AP8=" });
});

test("the bytes are the same however the tar arrives, and for each level", async () => {
  const whole = await convert(tar);
  for (const pieceBytes of [511, 1 << 16, 3_000_001]) {
    const pieces = await convert(tar, { pieceBytes });
    assert.ok(pieces.blob.equals(whole.blob), String(pieceBytes));
    assert.deepEqual(pieces.result, whole.result);
  }
  const fast = await convert(tar, { level: 1 });
  assert.ok(!fast.blob.equals(whole.blob));
  assert.deepEqual(readArchive(zlib.gunzipSync(fast.blob)), readArchive(tar));
});

test("a layer without files has an empty table", async () => {
  const { blob } = await convert(Buffer.alloc(tarEndBytes));
  assert.equal(readToc(blob).json.toString(), '{\n\t"version": 1,\n\t"entries": []\n}');
});

test("a blob is made eStargz from any compression, and its diffID verified", async () => {
  const expectedDiffID = parseDiffID(digestOf(tar));
  const { blob, result } = await convert(tar);
  const made: Buffer[] = [];
  const sink = { write: (chunk: Buffer) => void made.push(Buffer.from(chunk)) };
  const source = (async function* () {
    yield zlib.gzipSync(tar);
  })();
  assert.deepEqual(await recompress(source, sink, { compression: "estargz", expectedDiffID }), result);
  assert.ok(Buffer.concat(made).equals(blob));
});

for (const path of ["stargz.index.json", "./stargz.index.json", "/stargz.index.json"]) {
  test(`a layer that has ${path} is refused`, async () => {
    await assert.rejects(convert(archiveOf({ path })), {
      code: "UNREPRESENTABLE",
      message: `Cannot make an eStargz layer: "${path}" is the name of its table of contents`,
    });
  });
}

test("a file that is stored sparse is refused, and so is a table of contents without measure", () => {
  const entries = new EstargzEntries();
  assert.throws(() => entries.entry(entryOf({ path: "disk", isSparse: true })), {
    code: "UNREPRESENTABLE",
    message: 'Cannot make an eStargz layer: "disk" is stored sparse',
  });
  const path = "p".repeat(1024 * 1024);
  const fill = () => {
    for (let count = 0; count < 300; count++) {
      entries.entry(entryOf({ path }));
      entries.entryEnd();
    }
  };
  assert.throws(fill, {
    code: "LIMIT_EXCEEDED",
    message: "Cannot make an eStargz layer: it has too many files",
  });
});

test("a layer that ends inside a file is refused", async () => {
  await assert.rejects(convert(tar.subarray(0, chunkBytes)), { code: "TRUNCATED_TAR" });
});

async function convert(
  source: Buffer,
  { pieceBytes = source.length, level }: { pieceBytes?: number; level?: number } = {},
): Promise<{ blob: Buffer; result: ExtendedTar }> {
  const parts: Buffer[] = [];
  const sink = new EstargzSink({ write: (chunk) => void parts.push(Buffer.from(chunk)) }, level);
  try {
    for (let at = 0; at < source.length; at += pieceBytes)
      await sink.write(source.subarray(at, at + pieceBytes));
    const result = await sink.end();
    return { blob: Buffer.concat(parts), result };
  } finally {
    sink.stop();
  }
}

function readToc(blob: Buffer): {
  offset: number;
  json: Buffer;
  toc: { version: number; entries: TocEntry[] };
} {
  const [, hex] = /^([0-9a-f]{16})STARGZ$/.exec(blob.toString("latin1", blob.length - 35, blob.length - 13))!;
  const offset = Number.parseInt(hex!, 16);
  const [entry, ...others] = readArchive(zlib.gunzipSync(blob.subarray(offset)));
  assert.equal(entry!.path, "stargz.index.json");
  assert.equal(others.length, 0);
  return { offset, json: entry!.content, toc: JSON.parse(entry!.content.toString()) };
}

/** The bytes of the one gzip member that begins there. */
function memberAt(blob: Buffer, offset: number): Buffer {
  return zlib.inflateRawSync(blob.subarray(offset + 10));
}
