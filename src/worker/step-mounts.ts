import { chownSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { SpecMount } from "../executor/index.ts";
import { type MountPoint, resolveInside } from "../snapshot/index.ts";
import { type CacheMount, openCacheMounts } from "./cache-mount.ts";
import { type Environment, newMemoryDir } from "./environment.ts";
import type { BindMount, WorkerMount } from "./protocol.ts";
import { serveSshAgent } from "./ssh-agent.ts";
import type { Defer } from "./undo.ts";
import { mountView } from "./view.ts";
import { openVolume } from "./volume.ts";
import { WorkerError } from "./worker-error.ts";

/** A mount of a step, its source ready: what the runtime shall mount, on what kind of stub. */
export interface StepMount {
  readonly point: MountPoint;
  readonly mount: Omit<SpecMount, "destination">;
}

export interface StepMountsRequest {
  /** Unique among the running steps. */
  readonly name: string;
  readonly mounts: readonly WorkerMount[];
  readonly binds: readonly BindMount[];
  readonly signal: AbortSignal;
  readonly defer: Defer;
  /** Gets a line for the step's log. */
  readonly say: ((line: string) => void) | undefined;
}

/** Makes the sources of a step's mounts: stacked, in memory, or locked. Parents come before what lies inside them. */
export async function prepareStepMounts(
  environment: Environment,
  request: StepMountsRequest,
): Promise<StepMount[]> {
  const prepared = request.mounts.length === 0 ? [] : await prepareOwnMounts(environment, request);
  return [...prepared, ...request.binds.map(hostBind)].sort(
    (a, b) => depth(a.point.dest) - depth(b.point.dest),
  );
}

async function prepareOwnMounts(environment: Environment, request: StepMountsRequest): Promise<StepMount[]> {
  const directory = newMemoryDir(environment, `${request.name}/mounts`);
  const cacheMounts = request.mounts.filter((mount) => mount.type === "cache");
  const caches = await openCacheMounts(environment, { ...request, mounts: cacheMounts, directory });
  const prepared: StepMount[] = [];
  for (const [index, mount] of request.mounts.entries()) {
    const own = path.join(directory, String(index));
    prepared.push(await prepareMount(environment, mount, { ...request, own, caches }));
  }
  return prepared;
}

function depth(dest: string): number {
  return dest.split("/").filter((part) => part !== "").length;
}

interface Place extends StepMountsRequest {
  /** A path in memory where this mount may create something. */
  readonly own: string;
  readonly caches: ReadonlyMap<CacheMount, string>;
}

async function prepareMount(environment: Environment, mount: WorkerMount, place: Place): Promise<StepMount> {
  switch (mount.type) {
    case "layers": {
      const lowers = mount.layers.map((layer) => environment.store.layers.fsOf(layer));
      const view = mountView(environment, { ...mount, lowers, target: place.own }, place.defer);
      return selected(mount.dest, view, mount);
    }
    case "context":
      return await prepareContext(environment, mount, place);
    case "cache":
      return selected(mount.dest, place.caches.get(mount)!, cachePart(mount));
    case "volume":
      return selected(mount.dest, await openVolume(environment, mount, place), mount);
    case "tmpfs": {
      const size = mount.sizeBytes === undefined ? [] : [`size=${mount.sizeBytes}`];
      const options = ["nosuid", "nodev", ...size];
      return {
        point: { dest: mount.dest, kind: "directory", mode: 0o1777 },
        mount: { type: "tmpfs", source: "tmpfs", options },
      };
    }
    case "secret":
      writeFileSync(place.own, Buffer.from(mount.data, "base64"), { mode: mount.mode & 0o777, flag: "wx" });
      chownSync(place.own, mount.uid, mount.gid);
      return memoryFile(mount.dest, place.own);
    case "ssh":
      await serveSshAgent(place.own, mount, place.defer);
      return memoryFile(mount.dest, path.join(place.own, "agent"));
    default:
      throw new Error(`Internal error: unknown mount ${JSON.stringify(mount satisfies never)}`);
  }
}

async function prepareContext(
  environment: Environment,
  mount: Extract<WorkerMount, { type: "context" }>,
  place: Place,
): Promise<StepMount> {
  const copy = await environment.contexts.get(mount.source, mount.selector ?? "/");
  const view = { lowers: [copy], readonly: mount.readonly, target: place.own };
  const directory = mountView(environment, view, place.defer);
  return selected(mount.dest, directory, { selector: "context", readonly: mount.readonly });
}

/** What a cache has from another tree is that tree's selected part already. */
function cachePart({ layers, selector, readonly }: CacheMount): { selector?: string; readonly: boolean } {
  return layers.length === 0 && selector !== undefined ? { selector, readonly } : { readonly };
}

function memoryFile(dest: string, source: string): StepMount {
  const options = ["bind", "ro", "nosuid", "nodev", "noexec"];
  return { point: { dest, kind: "file" }, mount: { type: "bind", source, options } };
}

/** A bind of `selector` inside `directory`, never of anything outside. */
function selected(
  dest: string,
  directory: string,
  options: { readonly selector?: string; readonly readonly: boolean },
): StepMount {
  const inside = resolveInside(directory, options.selector ?? "/");
  const source = inside === "/" ? directory : directory + inside;
  const stat = statSync(source, { throwIfNoEntry: false });
  if (!stat) {
    throw new WorkerError(
      "ENOENT",
      `Cannot mount "${options.selector}" on "${dest}": no such file or directory`,
    );
  }
  return {
    point: { dest, kind: stat.isDirectory() ? "directory" : "file" },
    mount: { type: "bind", source, options: ["bind", options.readonly ? "ro" : "rw", "nodev"] },
  };
}

function hostBind({ source, dest, readonly }: BindMount): StepMount {
  const stat = statSync(source, { throwIfNoEntry: false });
  if (!stat)
    throw new WorkerError("ENOENT", `Cannot mount "${source}" on "${dest}": no such file or directory`);
  const options = ["rbind", readonly ? "ro" : "rw"];
  return {
    point: { dest, kind: stat.isDirectory() ? "directory" : "file" },
    mount: { type: "bind", source, options },
  };
}
