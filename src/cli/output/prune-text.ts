import type { CacheMountInfo } from "../../content/index.ts";
import type { PrunePlan, RecordId } from "../../image/index.ts";
import { formatBytes } from "../../util/index.ts";
import { shortId } from "./image-text.ts";
import { formatTable } from "./table.ts";
import { timeAgo } from "./time-ago.ts";

/** How many things a prune removes, and what that gives back.
 * @param freed bytes of each cache mount; null for one in use */
export function planText(plan: PrunePlan, total: string, freed: readonly (number | null)[] = []): string {
  const { images, cacheKeys, layers, blobs, reclaimedBytes } = plan;
  const emptied = freed.filter((bytes) => bytes !== null);
  const counts = [
    count(images.length, "untagged image"),
    count(cacheKeys.length, "cache record"),
    count(layers.length, "layer"),
    count(blobs.length, "blob"),
    ...(freed.length > 0 ? [count(emptied.length, "cache mount")] : []),
  ];
  const bytes = emptied.reduce((sum, size) => sum + size, reclaimedBytes);
  return `${counts.join(", ")}\n${total}: ${formatBytes(bytes)}\n`;
}

/** A line for each thing that a prune removes, but for records, which point to layers; empty where there is nothing.
 * @param imageIds the ids of images by those of their records, as they were before */
export function removedText(
  { images, layers, blobs }: PrunePlan,
  mounts: readonly Pick<CacheMountInfo, "id" | "usedAtMs">[],
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
    ...mounts.map(({ id, usedAtMs }) => ["cache mount", id, "", "", timeAgo(usedAtMs)]),
  ];
  return rows.length === 0 ? "" : `${formatTable(["TYPE", "ID", "MADE FOR", "SIZE", "LAST USED"], rows)}\n`;
}

export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
