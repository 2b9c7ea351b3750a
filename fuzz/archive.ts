import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import {
  encodeTarHeader,
  LayerError,
  type TarEntryType,
  tarEndBytes,
  tarPadding,
  unpackTar,
} from "../src/layer/index.ts";
import { mutateBytes } from "./mutate.ts";
import type { Random } from "./random.ts";
import type { FuzzTarget } from "./target.ts";

const types: readonly TarEntryType[] = [
  "file",
  "hardlink",
  "symlink",
  "directory",
  "fifo",
  "character-device",
  "block-device",
];
const names = [
  "a",
  "b",
  "c",
  "..",
  ".",
  "",
  "victim",
  ".wh.a",
  ".wh..wh..opq",
  ".wh.",
  "é",
  "x".repeat(120),
  "\xff",
];
const forms = ["layer", "rootfs", "files"] as const;
const sandbox = mkdtempSync(path.join(tmpdir(), "slipway-fuzz-archive-"));
process.on("exit", () => rmSync(sandbox, { recursive: true, force: true }));

/** Random and damaged archives, unpacked beside a victim: nothing outside the root may change. */
export const archiveTarget: FuzzTarget = {
  generate: (random) => {
    const archive = Buffer.concat([...random.list(12, () => randomEntry(random)), Buffer.alloc(tarEndBytes)]);
    const damaged = random.isOneIn(2) ? mutateBytes(random, archive) : archive;
    return random.isOneIn(4) ? mutateBytes(random, gzipSync(damaged)) : damaged;
  },
  attempt: async (input) => {
    for (const form of forms) await unpackBeside(Buffer.from(input), form);
  },
};

function randomEntry(random: Random): Buffer {
  const type = random.pick(types);
  const content = Buffer.alloc(type === "file" ? random.pick([0, 1, 511, 512, 5000]) : 0, "x");
  const anyPath = () =>
    `${random.isOneIn(6) ? "/" : ""}${random.list(4, () => random.pick(names)).join("/")}`;
  const header = encodeTarHeader({
    path: anyPath() || "a",
    type,
    mode: random.below(0o10000),
    uid: random.pick([0, 1000, 2 ** 31]),
    gid: 0,
    sizeBytes: content.length,
    mtimeNs: BigInt(random.pick([0, 1_700_000_000])) * 1_000_000_000n,
    linkPath:
      type === "hardlink" || type === "symlink" ? random.pick([anyPath() || "a", `${sandbox}/victim`]) : "",
    deviceMajor: random.below(3),
    deviceMinor: random.below(3),
    xattrs: random.isOneIn(5)
      ? [
          {
            name: random.pick(["user.a", "trusted.overlay.opaque", "security.capability"]),
            value: Buffer.from("y"),
          },
        ]
      : [],
    isSparse: false,
  });
  return Buffer.concat([header, content, Buffer.alloc(tarPadding(content.length))]);
}

async function unpackBeside(bytes: Buffer, form: (typeof forms)[number]): Promise<void> {
  const outside = path.join(sandbox, "outside");
  mkdirSync(outside);
  writeFileSync(path.join(sandbox, "victim"), "untouched");
  writeFileSync(path.join(outside, "victim"), "untouched");
  try {
    await unpackTar(oneChunk(bytes), path.join(outside, "root"), {
      form,
      opaqueXattr: "trusted.overlay.opaque",
      limits: { unpackedBytes: 1 << 24 },
    });
  } catch (error) {
    if (!(error instanceof LayerError)) throw error;
  } finally {
    for (const victim of [path.join(sandbox, "victim"), path.join(outside, "victim")])
      assert.equal(readFileSync(victim, "utf8"), "untouched");
    assert.deepEqual(
      readdirSync(outside).filter((name) => name !== "root"),
      ["victim"],
    );
    assert.deepEqual(readdirSync(sandbox).sort(), ["outside", "victim"]);
    rmSync(outside, { recursive: true, force: true });
  }
  assert.equal(existsSync(outside), false);
}

async function* oneChunk(bytes: Buffer): AsyncGenerator<Buffer, void> {
  yield bytes;
}
