import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { openStore, type Store } from "../content/index.ts";
import {
  type Emulator,
  findRuntimes,
  hostDevices,
  readEmulators,
  type SandboxHost,
} from "../executor/index.ts";
import { OverlayLinks } from "../snapshot/index.ts";
import { mount, SysError } from "../sys/index.ts";
import { BulkPool } from "./bulk-pool.ts";
import { showCgroupsTo } from "./cgroup-view.ts";
import { ContextCopies } from "./context-copies.ts";
import { LayerSync } from "./layer-sync.ts";
import { Locks } from "./locks.ts";
import { MountPoints } from "./mount-points.ts";
import type { WorkerSetup } from "./worker-setup.ts";
import { Rubbish } from "./rubbish.ts";
import { Runtimes } from "./runtimes.ts";
import { sealRuntime } from "./seal-runtime.ts";
import { StubLayers } from "./stub-layers.ts";

/** What the requests of one worker share. */
export interface Environment {
  readonly store: Store;
  /** A tmpfs of this worker alone: secrets and the runtime's files are only in memory, and vanish with its mount namespace. */
  readonly memoryDir: string;
  /** For the overlay mounts of every step. */
  readonly links: OverlayLinks;
  readonly sandbox: SandboxHost;
  readonly runtimes: Runtimes;
  readonly emulators: readonly Emulator[];
  /** Threads for long file work. */
  readonly bulk: BulkPool;
  readonly contexts: ContextCopies;
  readonly stubs: StubLayers;
  readonly mountPoints: MountPoints;
  readonly rubbish: Rubbish;
  readonly layerSync: LayerSync;
  readonly locks: Locks;
  /** The worker's own `/proc/self/status`. */
  readonly status: string;
}

/** Makes the worker's namespaces ready: own `/proc`, memory directory, cgroup layout.
 * @throws {SysError} | {ExecutorError} */
export function prepareEnvironment(setup: WorkerSetup): Environment {
  process.chdir("/"); // the caller's directory may vanish
  const emulators = readEmulators(); // before another /proc hides them
  process.umask(0); // modes are given exactly, here and in the worker's threads
  const store = openStore(setup.storeRoot, setup);
  const memoryDir = store.temp.newPath("memory");
  mkdirSync(memoryDir, { mode: 0o700 });
  mount(memoryDir, { type: "tmpfs", data: "mode=700" });
  const sandbox: SandboxHost = {
    userNamespace: setup.userNamespace,
    hasTtyGroup: !setup.userNamespace || mapsId(readFileSync("/proc/self/gid_map", "utf8"), 5),
    canMountProc: mountProc(),
    devices: hostDevices(),
  };
  const runtimes = new Runtimes(
    () => findRuntimes({ runtime: setup.runtime }),
    (runtime) => {
      showCgroupsTo(runtime.name);
      return runtime.name === "crun" ? sealRuntime(runtime, path.join(memoryDir, "crun")) : runtime;
    },
  );
  const bulk = new BulkPool(setup, store);
  const stubs = new StubLayers(store);
  const status = readFileSync("/proc/self/status", "utf8");
  return {
    store,
    memoryDir,
    links: new OverlayLinks(path.join(memoryDir, "links")),
    sandbox,
    runtimes,
    emulators,
    status,
    bulk,
    contexts: new ContextCopies(store, bulk),
    stubs,
    mountPoints: new MountPoints(stubs),
    rubbish: new Rubbish(bulk),
    layerSync: new LayerSync(store),
    locks: new Locks(store.paths.locks),
  };
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

/** @param map text of `/proc/<pid>/gid_map`: inside, outside, count */
export function mapsId(map: string, id: number): boolean {
  return map.split("\n").some((line) => {
    const [inside = NaN, , count = NaN] = line.trim().split(/\s+/).map(Number);
    return id >= inside && id < inside + count;
  });
}

/** One line about how containers run here. */
export function describeRunMode({ sandbox, runtimes }: Environment): string {
  const where = sandbox.userNamespace
    ? "overlay in a user namespace with subordinate ids"
    : "overlay as root";
  return `${where}, ${runtimes.current?.name ?? "no runtime"}`;
}

/** A new directory in memory, for one step. */
export function newMemoryDir({ memoryDir }: Environment, name: string): string {
  const directory = path.join(memoryDir, name);
  mkdirSync(directory, { mode: 0o700 });
  return directory;
}
