import { statfsSync } from "node:fs";
import path from "node:path";
import type { PruneOptions } from "../../image/index.ts";
import type { CliIo } from "../cli-io.ts";
import { UsageError } from "../usage-error.ts";
import { parseAge, parseSize } from "./amounts.ts";
import { parseUsageFilters } from "./usage-filters.ts";

/** Values of `slipway prune`'s options as commander leaves them. */
export interface PruneFlags {
  readonly all?: boolean;
  readonly olderThan?: string;
  readonly filter: readonly string[];
  readonly keepStorage?: string;
  readonly reservedSpace?: string;
  readonly maxUsedSpace?: string;
  readonly minFreeSpace?: string;
  readonly project?: string;
  readonly target?: string;
  readonly cacheMounts?: boolean;
  readonly volumes?: boolean;
}

export interface PruneRequest {
  /** Undefined: only cache mounts are asked for. */
  readonly results: PruneOptions | undefined;
  readonly cacheMounts: boolean;
  readonly volumes: boolean;
  /** Only what was last used before this time. */
  readonly usedBeforeMs: number;
}

/** What the options of `slipway prune`, and those of `docker builder prune` under their own names, ask for.
 * @param storeRoot on the file system whose free space counts
 * @throws {UsageError} */
export function toPruneRequest(flags: PruneFlags, io: CliIo, storeRoot: string): PruneRequest {
  const { all, project, target } = flags;
  const filters = parseUsageFilters(flags.filter);
  const ages = [
    ...filters.ages,
    ...(flags.olderThan === undefined ? [] : [parseAge("--older-than", flags.olderThan)]),
  ];
  const cacheMounts = (flags.cacheMounts ?? false) || filters.type === "exec.cachemount";
  if (cacheMounts && (project !== undefined || target !== undefined)) {
    throw new UsageError("Cannot empty the cache mounts of one project or stage: they may be used by all", {
      hint: "empty them with slipway prune --cache-mounts alone, or by age: --older-than 7d",
    });
  }
  const volumes = flags.volumes ?? false;
  if (volumes && (project !== undefined || target !== undefined)) {
    throw new UsageError("Cannot remove the volumes of one project or stage: they are no results of steps", {
      hint: "remove those of a Compose project with slipway compose down --volumes",
    });
  }
  const usedBeforeMs = ages.length > 0 ? Date.now() - Math.max(...ages) : Infinity;
  const results: PruneOptions = {
    cache: all ? "all" : "unused",
    ...(ages.length > 0 && { usedBeforeMs }),
    ...(project !== undefined && { project: path.resolve(io.cwd, project) }),
    ...(target !== undefined && { stage: target }),
    ...(filters.type === "regular" && { keepImages: true }),
    ...keepBytes(flags),
    ...freeBytes(flags, storeRoot),
  };
  return {
    results: filters.type === "exec.cachemount" ? undefined : results,
    cacheMounts,
    volumes,
    usedBeforeMs,
  };
}

/** What each of them leaves is the same here: the results that were used last, up to so much. */
function keepBytes({
  keepStorage,
  reservedSpace,
  maxUsedSpace,
}: PruneFlags): Pick<PruneOptions, "keepBytes"> {
  const given = [
    ["--keep-storage", keepStorage],
    ["--reserved-space", reservedSpace],
    ["--max-used-space", maxUsedSpace],
  ] as const;
  const sizes = given.flatMap(([flag, text]) => (text === undefined ? [] : parseSize(flag, text)));
  return sizes.length > 0 ? { keepBytes: Math.max(...sizes) } : {};
}

function freeBytes({ minFreeSpace }: PruneFlags, storeRoot: string): Pick<PruneOptions, "freeBytes"> {
  if (minFreeSpace === undefined) return {};
  const { bavail, bsize } = statfsSync(storeRoot);
  return { freeBytes: Math.max(0, parseSize("--min-free-space", minFreeSpace) - bavail * bsize) };
}
