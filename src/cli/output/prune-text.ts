import type { PrunePlan, RecordId } from "../../image/index.ts";
import { formatBytes } from "../../util/index.ts";
import { shortId } from "./image-text.ts";
import { formatTable } from "./table.ts";
import { timeAgo } from "./time-ago.ts";

/** Files that steps or services keep. */
export interface KeptFiles {
  readonly kind: "cache mount" | "volume";
  readonly id: string;
  readonly usedAtMs: number;
}

/** How many things a prune removes, and what that gives back. */
export function planText(
  plan: PrunePlan,
  total: string,
  emptied: readonly (KeptFiles & { readonly freedBytes: number })[] = [],
): string {
  const { images, cacheKeys, layers, blobs, reclaimedBytes } = plan;
  const kinds = new Set(emptied.map(({ kind }) => kind));
  const counts = [
    count(images.length, "untagged image"),
    count(cacheKeys.length, "cache record"),
    count(layers.length, "layer"),
    count(blobs.length, "blob"),
    ...[...kinds].map((kind) => count(emptied.filter((each) => each.kind === kind).length, kind)),
  ];
  const bytes = emptied.reduce((sum, { freedBytes }) => sum + freedBytes, reclaimedBytes);
  return `${counts.join(", ")}\n${total}: ${formatBytes(bytes)}\n`;
}

/** A line for each thing that a prune removes, but for records, which point to layers; empty where there is nothing.
 * @param imageIds the ids of images by those of their records, as they were before */
export function removedText(
  { images, layers, blobs }: PrunePlan,
  kept: readonly KeptFiles[],
  imageIds: ReadonlyMap<RecordId, string>,
): string {
  const rows = [
    ...images.map((id) => ["image", shortId(imageIds.get(id) ?? id), "", "", ""]),
    ...layers.map(({ id, stage = "", project = "", sizeBytes, usedAtMs }) => [
      "layer",
      id,
      [stage, project].filter(Boolean).join(" of "),
      formatBytes(sizeBytes),
      timeAgo(usedAtMs),
    ]),
    ...blobs.map(({ digest, sizeBytes, usedAtMs }) => [
      "blob",
      shortId(digest),
      "",
      formatBytes(sizeBytes),
      timeAgo(usedAtMs),
    ]),
    ...kept.map(({ kind, id, usedAtMs }) => [kind, id, "", "", timeAgo(usedAtMs)]),
  ];
  return rows.length === 0 ? "" : `${formatTable(["TYPE", "ID", "MADE FOR", "SIZE", "LAST USED"], rows)}\n`;
}

export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
