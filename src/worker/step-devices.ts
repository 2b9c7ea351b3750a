import { chownSync, statSync } from "node:fs";
import path from "node:path";
import type { ContainerEdits, DeviceNode, EditMount } from "../cdi/index.ts";
import type { DeviceNumbers, ProcessUser } from "../executor/index.ts";
import { deviceNumber, makeNode } from "../sys/index.ts";
import { type Environment, newMemoryDir } from "./environment.ts";
import type { StepMount } from "./step-mounts.ts";
import { WorkerError } from "./worker-error.ts";

export interface StepDevices {
  readonly mounts: readonly StepMount[];
  readonly numbers: readonly DeviceNumbers[];
}

/** Makes the nodes and mounts of a step's devices. `/dev` of a step is `nodev`: nodes are bound into it from a directory of their own,
 * or from the host where nobody may make any. */
export function prepareDevices(
  environment: Environment,
  edits: ContainerEdits | undefined,
  { name, user }: { readonly name: string; readonly user: () => ProcessUser },
): StepDevices {
  if (!edits) return { mounts: [], numbers: [] };
  const directory = newMemoryDir(environment, `${name}/devices`);
  const mounts: StepMount[] = [];
  const numbers: DeviceNumbers[] = [];
  for (const [index, node] of edits.deviceNodes.entries()) {
    const { type, major, minor } = identify(node);
    const place = path.join(directory, String(index));
    if (!environment.sandbox.userNamespace) {
      makeNode(place, { type: types[type], mode: node.mode ?? 0o666, rdev: deviceNumber(major, minor) });
      chownSync(place, node.uid ?? user().uid, node.gid ?? user().gid);
    }
    const source = environment.sandbox.userNamespace ? node.hostPath : place;
    mounts.push({
      point: { dest: node.path, kind: "file" },
      mount: { type: "bind", source, options: ["bind", "nosuid", "noexec"] },
    });
    if (type !== "p") numbers.push({ type, major, minor });
  }
  return { mounts: [...mounts, ...edits.mounts.map(editMount)], numbers };
}

const types = { b: "block", c: "character", p: "fifo" } as const;

interface Identity {
  readonly type: "b" | "c" | "p";
  readonly major: number;
  readonly minor: number;
}

/** What the specification does not say, the host's node does. */
function identify({ hostPath, type, major = 0, minor = 0 }: DeviceNode): Identity {
  if (type === "p" || (type !== undefined && major > 0)) return { type, major, minor };
  const stat = statSync(hostPath, { throwIfNoEntry: false });
  const found = stat?.isCharacterDevice() ? "c" : stat?.isBlockDevice() ? "b" : undefined;
  if (!stat || found === undefined || (type !== undefined && type !== found))
    throw new WorkerError("ENOENT", `Cannot mount "${hostPath}": no such device`);
  return { type: found, ...splitDeviceNumber(stat.rdev) };
}

/** As makedev(3) puts them together. */
function splitDeviceNumber(rdev: number): { major: number; minor: number } {
  const number = BigInt(rdev);
  return {
    major: Number(((number >> 8n) & 0xfffn) | ((number >> 32n) & 0xfffff000n)),
    minor: Number((number & 0xffn) | ((number >> 12n) & 0xffffff00n)),
  };
}

/** A directory is `nodev`, unless the specification says otherwise: the process could make nodes there. */
function editMount({ hostPath, containerPath, type = "bind", options }: EditMount): StepMount {
  const dest = containerPath;
  if (type !== "bind" && type !== "none")
    return { point: { dest, kind: "directory" }, mount: { type, source: hostPath, options } };
  const stat = statSync(hostPath, { throwIfNoEntry: false });
  if (!stat)
    throw new WorkerError("ENOENT", `Cannot mount "${hostPath}" on "${dest}": no such file or directory`);
  const bind = options.some((option) => option === "bind" || option === "rbind") ? [] : ["rbind"];
  const nodev = stat.isDirectory() && !options.includes("dev") ? ["nodev"] : [];
  return {
    point: { dest, kind: stat.isDirectory() ? "directory" : "file" },
    mount: { type: "bind", source: hostPath, options: [...options, ...bind, ...nodev] },
  };
}
