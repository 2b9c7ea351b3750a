import type { LayerTimes } from "../oci/index.ts";
import type { PackEntry } from "./pack-entry.ts";

/** The same entries with the times that `times` wants. */
export function* setEntryTimes(
  entries: Iterable<PackEntry>,
  times: LayerTimes | undefined,
): Generator<PackEntry, void> {
  if (!times) return yield* entries;
  const limitNs = BigInt(times.seconds) * 1_000_000_000n;
  for (const packed of entries) {
    const { entry } = packed;
    const isKept = times.rule === "at-most" && entry.mtimeNs <= limitNs;
    yield isKept ? packed : { ...packed, entry: { ...entry, mtimeNs: limitNs } };
  }
}
