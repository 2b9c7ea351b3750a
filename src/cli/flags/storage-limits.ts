import type { BuildOptions } from "../../build/index.ts";
import { parseSize } from "./amounts.ts";

/** How much a build may leave in the store, from `SLIPWAY_KEEP_STORAGE` and `SLIPWAY_CACHE_MOUNT_LIMIT`.
 * @throws {UsageError} */
export function storageLimits(
  env: NodeJS.ProcessEnv,
): Pick<BuildOptions, "keepStorageBytes" | "cacheMountLimitBytes"> {
  const size = (name: string) => (env[name] ? parseSize(name, env[name]) : undefined);
  const keepStorageBytes = size("SLIPWAY_KEEP_STORAGE");
  const cacheMountLimitBytes = size("SLIPWAY_CACHE_MOUNT_LIMIT");
  return {
    ...(keepStorageBytes !== undefined && { keepStorageBytes }),
    ...(cacheMountLimitBytes !== undefined && { cacheMountLimitBytes }),
  };
}
