import { chmodSync, chownSync, closeSync, existsSync, futimesSync, mkdirSync, renameSync } from "node:fs";
import path from "node:path";
import { cacheMountDir } from "../content/index.ts";
import { tryFlock } from "../sys/index.ts";
import { isErrno } from "../util/index.ts";
import { noteName, openInstance } from "./cache-mount-instance.ts";
import { copyTree, viewPart } from "./copy-layers.ts";
import type { Environment } from "./environment.ts";
import type { WorkerMount } from "./protocol.ts";
import type { Defer } from "./undo.ts";
import { removePath } from "./remove-path.ts";
import { waitForLock } from "./wait-for-lock.ts";

export type CacheMount = Extract<WorkerMount, { type: "cache" }>;

export interface CacheMountsRequest {
  readonly mounts: readonly CacheMount[];
  /** A directory in memory where this may create something. */
  readonly directory: string;
  readonly signal: AbortSignal;
  readonly defer: Defer;
  /** Gets a line for the step's log. */
  readonly say?: ((line: string) => void) | undefined;
}

/** Absolute paths of the directories of a step's cache mounts, made on their first use with the asked owner and mode, and with the
 * files of their layers. They are locked until the step ends: `locked` waits for every other user, `shared` only for a `locked`
 * one, and `private` takes another instance when the first is in use. */
export async function openCacheMounts(
  environment: Environment,
  request: CacheMountsRequest,
): Promise<ReadonlyMap<CacheMount, string>> {
  const caches = new Map<string, CacheMount[]>();
  for (const mount of request.mounts) {
    const directory = cacheMountDir(environment.store.paths.mounts, mount);
    caches.set(directory, [...(caches.get(directory) ?? []), mount]);
  }
  const opened = new Map<CacheMount, string>();
  // All steps take their locks in one order, so that no two wait for each other.
  for (const [home, users] of [...caches].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const files = await openCache(environment, users, { ...request, home });
    for (const mount of users) opened.set(mount, files);
  }
  return opened;
}

interface Cache extends CacheMountsRequest {
  /** Absolute; holds the cache's instances. */
  readonly home: string;
}

/** A step may mount one cache several times: it holds one lock, the strictest. */
async function openCache(
  environment: Environment,
  users: readonly CacheMount[],
  cache: Cache,
): Promise<string> {
  const [first] = users as [CacheMount];
  const directory = cache.home;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  noteName(directory, first, environment.store.temp);
  const sharing = users.some((mount) => mount.sharing === "locked") ? "locked" : first.sharing;
  const instance = await lockInstance(directory, sharing, { ...cache, id: first.id });
  const files = path.join(instance, "fs");
  if (!existsSync(files)) await fill(environment, files, first, cache);
  return files;
}

async function lockInstance(
  directory: string,
  sharing: CacheMount["sharing"],
  cache: Cache & { readonly id: string },
): Promise<string> {
  for (let number = 0; ; number++) {
    const { instance, fd } = openInstance(directory, number);
    cache.defer(() => closeSync(fd));
    const now = new Date();
    futimesSync(fd, now, now); // what a prune goes by
    if (sharing !== "private") {
      const onLongWait = () =>
        cache.say?.(`waiting for cache mount ${shown(cache.id)}, which another step uses`);
      await waitForLock(fd, sharing === "locked" ? "exclusive" : "shared", { ...cache, onLongWait });
      return instance;
    }
    if (tryFlock(fd, "exclusive")) return instance;
  }
}

function shown(id: string): string {
  return JSON.stringify(id.replace(/^\//, ""));
}

/** Filled aside and renamed: of two first users that share it, one wins. */
async function fill(environment: Environment, files: string, mount: CacheMount, cache: Cache): Promise<void> {
  const made = environment.store.temp.newPath("cache");
  try {
    if (mount.layers.length > 0) await copyFromLayers(environment, made, mount, cache);
    else mkdirSync(made);
    if (mount.layers.length === 0) {
      chownSync(made, mount.uid, mount.gid);
      chmodSync(made, mount.mode & 0o7777);
    }
    renameSync(made, files);
  } catch (error) {
    removePath(made);
    if (!isErrno(error, "ENOTEMPTY", "EEXIST")) throw error;
  }
}

async function copyFromLayers(
  environment: Environment,
  made: string,
  mount: CacheMount,
  cache: Cache,
): Promise<void> {
  const target = path.join(cache.directory, `from-${path.basename(cache.home)}`);
  const source = viewPart(environment, { ...mount, readonly: true, target }, cache.defer);
  await copyTree(source, made, { signal: cache.signal, what: `cache mount "${mount.id}"` });
}
