import { createHash } from "node:crypto";
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { resolveInside } from "../snapshot/index.ts";
import { tryFlock } from "../sys/index.ts";
import { isErrno, runProcess } from "../util/index.ts";
import type { Environment } from "./environment.ts";
import type { WorkerMount } from "./protocol.ts";
import type { Defer } from "./undo.ts";
import { mountView } from "./view.ts";
import { WorkerError } from "./worker-error.ts";
import { removePath } from "./remove-path.ts";

type CacheMount = Extract<WorkerMount, { type: "cache" }>;

interface Step {
  /** A path in memory where this may create something. */
  readonly own: string;
  readonly signal: AbortSignal;
  readonly defer: Defer;
}

/** Absolute path of a cache mount's directory, made on its first use with the asked owner and mode, and with the files of its
 * layers. It is locked until the step ends: `locked` waits for every other user, `shared` only for a `locked` one, and
 * `private` takes another instance when the first is in use. */
export async function openCacheMount(
  environment: Environment,
  mount: CacheMount,
  step: Step,
): Promise<string> {
  // Both names are the user's, and would be paths.
  const directory = path.join(environment.store.paths.mounts, hashed(mount.namespace), hashed(mount.id));
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  writeFileSync(
    path.join(directory, "cache.json"),
    JSON.stringify({ namespace: mount.namespace, id: mount.id }),
  );
  const instance = await lockInstance(directory, mount.sharing, step);
  const files = path.join(instance, "fs");
  if (!existsSync(files)) await fill(environment, files, mount, step);
  return files;
}

function hashed(name: string): string {
  return createHash("sha256").update(name).digest("hex").slice(0, 32);
}

async function lockInstance(directory: string, sharing: CacheMount["sharing"], step: Step): Promise<string> {
  for (let number = 0; ; number++) {
    const instance = path.join(directory, String(number));
    mkdirSync(instance, { recursive: true, mode: 0o700 });
    const fd = openSync(path.join(instance, "lock"), "a", 0o600);
    step.defer(() => closeSync(fd));
    if (sharing !== "private") {
      await waitForLock(fd, sharing === "locked" ? "exclusive" : "shared", step.signal);
      return instance;
    }
    if (tryFlock(fd, "exclusive")) return instance;
  }
}

async function waitForLock(fd: number, kind: "exclusive" | "shared", signal: AbortSignal): Promise<void> {
  for (let waitMs = 5; !tryFlock(fd, kind); waitMs = Math.min(waitMs * 2, 200)) {
    await sleep(waitMs, undefined, { signal });
  }
}

/** Filled aside and renamed: of two first users that share it, one wins. */
async function fill(environment: Environment, files: string, mount: CacheMount, step: Step): Promise<void> {
  const made = environment.store.temp.newPath("cache");
  try {
    if (mount.layers.length > 0) await copyFromLayers(environment, made, mount, step);
    else mkdirSync(made);
    chownSync(made, mount.uid, mount.gid);
    chmodSync(made, mount.mode & 0o7777);
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
  step: Step,
): Promise<void> {
  const lowers = mount.layers.map((layer) => environment.store.layers.fsOf(layer));
  const view = mountView(environment, { lowers, readonly: true, target: step.own }, step.defer);
  const source = path.join(view, resolveInside(view, mount.selector ?? "/"));
  const { exitCode, stderr } = await runProcess("cp", ["-a", "--", `${source}/.`, made], {
    signal: step.signal,
  });
  if (exitCode !== 0)
    throw new WorkerError("CACHE_UNUSABLE", `Cannot fill cache mount "${mount.id}": ${stderr.trim()}`);
}
