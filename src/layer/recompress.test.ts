import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import zlib from "node:zlib";
import { type DiffID, digestOf, parseDiffID } from "../oci/index.ts";
import { readUncompressed } from "./decompress.ts";
import { recompress } from "./recompress.ts";

const bytes = Buffer.from("any bytes, for they are not looked at ".repeat(50_000));
const diffID = parseDiffID(digestOf(bytes));

for (const from of ["none", "gzip", "zstd"] as const) {
  test(`what is compressed with ${from} is compressed otherwise`, async (t) => {
    const file = await fileOf(t, from);
    for (const compression of ["none", "gzip", "zstd"] as const) {
      const made = await collect(file, { compression, expectedDiffID: diffID });
      const again = path.join(path.dirname(file), compression);
      writeFileSync(again, made);
      const hash = createHash("sha256");
      for await (const chunk of readUncompressed(again)) hash.update(chunk);
      assert.equal(`sha256:${hash.digest("hex")}`, diffID, compression);
      if (compression === "none") assert.deepEqual(made, bytes);
      else assert.ok(made.length < 20_000, String(made.length));
    }
  });
}

test("bytes that are not those of the diffID are refused", async (t) => {
  const wanted = parseDiffID(digestOf("other"));
  await assert.rejects(collect(await fileOf(t, "gzip"), { compression: "zstd", expectedDiffID: wanted }), {
    code: "DIFF_ID_MISMATCH",
    message: `Cannot verify layer: wanted diffID ${wanted}, got ${diffID}`,
  });
});

test("a level is one that the compression has", async (t) => {
  const options = { compression: "gzip", level: 10, expectedDiffID: diffID } as const;
  await assert.rejects(collect(await fileOf(t, "none"), options), { code: "COMPRESSION_FAILED" });
  for (const level of [0, 22]) {
    const made = await collect(await fileOf(t, "none"), {
      compression: "zstd",
      level,
      expectedDiffID: diffID,
    });
    assert.equal(made.toString("hex", 0, 4), "28b52ffd");
  }
});

async function fileOf(
  t: { after: (run: () => void) => void },
  compression: "none" | "gzip" | "zstd",
): Promise<string> {
  const dir = mkdtempSync(path.join(tmpdir(), "slipway-recompress-"));
  t.after(() => rmSync(dir, { recursive: true }));
  const file = path.join(dir, "blob");
  writeFileSync(file, compression === "gzip" ? zlib.gzipSync(bytes) : bytes);
  if (compression === "zstd") {
    writeFileSync(file, await collect(file, { compression, expectedDiffID: diffID }));
  }
  return file;
}

async function collect(
  file: string,
  options: { compression: "none" | "gzip" | "zstd"; level?: number; expectedDiffID: DiffID },
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  await recompress(file, { write: (chunk) => void chunks.push(Buffer.from(chunk)) }, options);
  return Buffer.concat(chunks);
}
