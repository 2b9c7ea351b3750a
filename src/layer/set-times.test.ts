import assert from "node:assert/strict";
import { test } from "node:test";
import type { LayerTimes } from "../oci/index.ts";
import { type PackEntry, toTarEntry } from "./pack-entry.ts";
import { setEntryTimes } from "./set-times.ts";

function entryAt(mtimeNs: bigint): PackEntry {
  const stat = { type: "file", mode: 0o644, uid: 0, gid: 0, sizeBytes: 0, rdev: 0, isBlock: false } as const;
  return { entry: toTarEntry("f", { ...stat, mtimeNs }, { linkPath: "", xattrs: [] }) };
}

const table: readonly (readonly [LayerTimes | undefined, readonly bigint[]])[] = [
  [undefined, [-1n, 5_000_000_000n, 5_000_000_001n, 6_000_000_000n]],
  [{ rule: "at-most", seconds: 5 }, [-1n, 5_000_000_000n, 5_000_000_000n, 5_000_000_000n]],
  [{ rule: "exactly", seconds: 5 }, Array(4).fill(5_000_000_000n)],
];
for (const [times, expected] of table) {
  test(`times ${times?.rule ?? "as they are"}`, () => {
    const entries = [-1n, 5_000_000_000n, 5_000_000_001n, 6_000_000_000n].map(entryAt);
    const found = [...setEntryTimes(entries, times)].map(({ entry }) => entry.mtimeNs);
    assert.deepEqual(found, expected);
  });
}
