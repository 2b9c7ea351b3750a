import { createHash } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
import path from "node:path";
import { isErrno } from "../util/index.ts";
import { readJsonFile } from "./json-file.ts";

/** One directory that RUN steps share by `--mount=type=cache`. */
export interface CacheMountInfo {
  /** Absolute; holds `fs/` and `lock`. */
  readonly path: string;
  readonly namespace: string;
  readonly id: string;
  /** When a step last mounted it, in milliseconds since the epoch. */
  readonly usedAtMs: number;
}

/** Absolute path of the directory with the instances of one cache mount. Both names are the user's, and would be paths. */
export function cacheMountDir(
  mountsDir: string,
  { namespace, id }: Pick<CacheMountInfo, "namespace" | "id">,
): string {
  return path.join(mountsDir, hashed(namespace), hashed(id));
}

/** Absolute paths of the instances of one cache mount. */
export function cacheMountInstances(
  mountsDir: string,
  mount: Pick<CacheMountInfo, "namespace" | "id">,
): readonly string[] {
  const directory = cacheMountDir(mountsDir, mount);
  return list(directory, /^\d+$/).map((name) => path.join(directory, name));
}

function hashed(name: string): string {
  return createHash("sha256").update(name).digest("hex").slice(0, 32);
}

/** Every cache mount of a store, in no order. */
export function listCacheMounts(mountsDir: string): readonly CacheMountInfo[] {
  return hashes(mountsDir).flatMap((namespaceDir) =>
    hashes(path.join(mountsDir, namespaceDir)).flatMap((idDir) => {
      const directory = path.join(mountsDir, namespaceDir, idDir);
      const names = readJsonFile(path.join(directory, "cache.json")) as Partial<CacheMountInfo> | undefined;
      const { namespace = "?", id = "?" } = names ?? {};
      return list(directory, /^\d+$/).flatMap((instance) => {
        const instancePath = path.join(directory, instance);
        const stat = statSync(path.join(instancePath, "lock"), { throwIfNoEntry: false });
        // without the empty BUILDKIT_CACHE_MOUNT_NS that every id has in front
        const shown = id.replace(/^\//, "");
        return stat ? [{ path: instancePath, namespace, id: shown, usedAtMs: stat.mtimeMs }] : [];
      });
    }),
  );
}

function hashes(directory: string): string[] {
  return list(directory, /^[0-9a-f]{32}$/);
}

function list(directory: string, pattern: RegExp): string[] {
  try {
    return readdirSync(directory).filter((name) => pattern.test(name));
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR")) return [];
    throw error;
  }
}
