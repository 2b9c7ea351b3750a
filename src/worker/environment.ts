import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { openStore, type Store } from "../content/index.ts";
import { findRuntimes, type Runtime, type SandboxHost } from "../executor/index.ts";
import { fileSystemType, mount, SysError } from "../sys/index.ts";
import { isErrno } from "../util/index.ts";
import type { WorkerSetup } from "./messages.ts";
import { Runtimes } from "./runtimes.ts";

/** What the requests of one worker share. */
export interface Environment {
  readonly store: Store;
  /** A tmpfs of this worker alone: secrets and the runtime's files are only in memory, and vanish with its mount namespace. */
  readonly memoryDir: string;
  readonly sandbox: SandboxHost;
  readonly runtimes: Runtimes;
}

/** Makes the worker's namespaces ready: own `/proc`, memory directory, cgroup layout.
 * @throws {SysError} | {ExecutorError} */
export function prepareEnvironment(setup: WorkerSetup): Environment {
  process.umask(0); // modes are given exactly, here and in the worker's threads
  const store = openStore(setup.storeRoot, { owner: setup.owner });
  const memoryDir = store.temp.newPath("memory");
  mkdirSync(memoryDir, { mode: 0o700 });
  mount(memoryDir, { type: "tmpfs", data: "mode=700" });
  const sandbox: SandboxHost = {
    userNamespace: setup.userNamespace,
    hasTtyGroup: !setup.userNamespace || mapsId(readFileSync("/proc/self/gid_map", "utf8"), 5),
    canMountProc: mountProc(),
  };
  const runtimes = new Runtimes(() => usableRuntimes(setup.runtime));
  return { store, memoryDir, sandbox, runtimes };
}

/** In a container that hides parts of `/proc`, the kernel refuses a whole one. */
function mountProc(): boolean {
  try {
    mount("/proc", { type: "proc" });
    return true;
  } catch (error) {
    if (error instanceof SysError) return false;
    throw error;
  }
}

function usableRuntimes(wanted: string | undefined): Runtime[] {
  const found = findRuntimes({ runtime: wanted });
  if (found[0]?.name === "crun") hideHybridCgroups();
  return found;
}

/** crun refuses hosts where cgroup v1 hierarchies are mounted beside v2, though it needs no cgroup here. It sees an empty directory
 * instead; only this mount namespace does. */
function hideHybridCgroups(): void {
  const isHybrid =
    typeOrAbsent("/sys/fs/cgroup") === "tmpfs" && typeOrAbsent("/sys/fs/cgroup/unified") === "cgroup2";
  if (isHybrid) mount("/sys/fs/cgroup", { type: "tmpfs", data: "mode=755,size=4k" });
}

function typeOrAbsent(directory: string): string | undefined {
  try {
    return fileSystemType(directory);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** @param map text of `/proc/<pid>/gid_map`: inside, outside, count */
export function mapsId(map: string, id: number): boolean {
  return map.split("\n").some((line) => {
    const [inside = NaN, , count = NaN] = line.trim().split(/\s+/).map(Number);
    return id >= inside && id < inside + count;
  });
}

/** One line about how containers run here. */
export function describeRunMode({ sandbox, runtimes }: Environment): string {
  const where = sandbox.userNamespace ? "a user namespace with subordinate ids" : "root";
  return `overlay as ${where}, ${runtimes.describe()}`.replace("as a user", "in a user");
}

/** A new directory in memory, for one step. */
export function newMemoryDir({ memoryDir }: Environment, name: string): string {
  const directory = path.join(memoryDir, name);
  mkdirSync(directory, { mode: 0o700 });
  return directory;
}
