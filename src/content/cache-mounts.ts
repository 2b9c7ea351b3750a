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
  /** As it is shown: see `name`. */
  readonly id: string;
  /** Undefined where what was noted of it is not what it is stored by. */
  readonly name: CacheMountName | undefined;
  /** When a step last mounted it, in milliseconds since the epoch. */
  readonly usedAtMs: number;
}

export interface CacheMountName {
  readonly namespace: string;
  readonly id: string;
  /** What it begins with: caches of one id that begin differently are different ones. Empty: with nothing. */
  readonly base: string;
}

/** Absolute path of the directory with the instances of one cache mount. The names are the user's, and would be paths. */
export function cacheMountDir(mountsDir: string, { namespace, id, base }: CacheMountName): string {
  return path.join(mountsDir, hashed(namespace), hashed(base === "" ? id : `${id}\0${base}`));
}

/** Absolute paths of the instances of all cache mounts of one id. */
export function cacheMountInstances(
  mountsDir: string,
  { namespace, id }: Pick<CacheMountName, "namespace" | "id">,
): readonly string[] {
  const namespaceDir = path.join(mountsDir, hashed(namespace));
  return hashes(namespaceDir).flatMap((name) => {
    const directory = path.join(namespaceDir, name);
    const named = readJsonFile(path.join(directory, "cache.json")) as Partial<CacheMountInfo> | undefined;
    if (named?.id !== id) return [];
    return list(directory, /^\d+$/).map((instance) => path.join(directory, instance));
  });
}

function hashed(name: string): string {
  return createHash("sha256").update(name).digest("hex").slice(0, 32);
}

/** Every cache mount of a store, in no order. */
export function listCacheMounts(mountsDir: string): readonly CacheMountInfo[] {
  return hashes(mountsDir).flatMap((namespaceDir) =>
    hashes(path.join(mountsDir, namespaceDir)).flatMap((idDir) => {
      const directory = path.join(mountsDir, namespaceDir, idDir);
      const names = readJsonFile(path.join(directory, "cache.json")) as Partial<CacheMountName> | undefined;
      const { namespace = "?", id = "?", base = "" } = names ?? {};
      const name = { namespace, id, base };
      const isKnown = cacheMountDir(mountsDir, name) === directory;
      return list(directory, /^\d+$/).flatMap((instance) => {
        const instancePath = path.join(directory, instance);
        const stat = statSync(path.join(instancePath, "lock"), { throwIfNoEntry: false });
        // without the empty BUILDKIT_CACHE_MOUNT_NS that every id has in front
        const shown = id.replace(/^\//, "");
        if (!stat) return [];
        const info = { path: instancePath, namespace, id: shown, usedAtMs: stat.mtimeMs };
        return [{ ...info, name: isKnown ? name : undefined }];
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
