import { chmodSync, chownSync, closeSync, existsSync, futimesSync, mkdirSync, renameSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cacheMountDir } from "../content/index.ts";
import { resolveInside } from "../snapshot/index.ts";
import { tryFlock } from "../sys/index.ts";
import { isErrno, runProcess } from "../util/index.ts";
import { noteName, openInstance } from "./cache-mount-instance.ts";
import type { Environment } from "./environment.ts";
import type { WorkerMount } from "./protocol.ts";
import type { Defer } from "./undo.ts";
import { mountView } from "./view.ts";
import { WorkerError } from "./worker-error.ts";
import { removePath } from "./remove-path.ts";

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
      await waitForLock(fd, sharing === "locked" ? "exclusive" : "shared", cache);
      return instance;
    }
    if (tryFlock(fd, "exclusive")) return instance;
  }
}

/** Longer, and a person wonders what goes on. */
const silentMs = 500;

async function waitForLock(
  fd: number,
  kind: "exclusive" | "shared",
  { signal, say, id }: Cache & { readonly id: string },
): Promise<void> {
  let waitedMs = 0;
  for (let waitMs = 5; !tryFlock(fd, kind); waitMs = Math.min(waitMs * 2, 200)) {
    await sleep(waitMs, undefined, { signal });
    const isSilent = waitedMs < silentMs;
    waitedMs += waitMs;
    if (isSilent && waitedMs >= silentMs)
      say?.(`waiting for cache mount ${JSON.stringify(id.replace(/^\//, ""))}, which another step uses`);
  }
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

/** With cp(1): the one place where a whole tree is copied, hard links, attributes and all. */
async function copyFromLayers(
  environment: Environment,
  made: string,
  mount: CacheMount,
  cache: Cache,
): Promise<void> {
  const lowers = mount.layers.map((layer) => environment.store.layers.fsOf(layer));
  const target = path.join(cache.directory, `from-${path.basename(cache.home)}`);
  const view = mountView(environment, { lowers, readonly: true, target }, cache.defer);
  const source = path.join(view, resolveInside(view, mount.selector ?? "/"));
  const { exitCode, stderr } = await runProcess("cp", ["-a", "--", `${source}/.`, made], {
    signal: cache.signal,
  });
  if (exitCode !== 0)
    throw new WorkerError("CACHE_UNUSABLE", `Cannot fill cache mount "${mount.id}": ${stderr.trim()}`);
}
