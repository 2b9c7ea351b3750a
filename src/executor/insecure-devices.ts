import { existsSync } from "node:fs";

/** A device node that the runtime makes in the container. */
export interface SpecDevice {
  readonly path: string;
  readonly type: "c" | "b" | "p" | "u";
  readonly major?: number;
  readonly minor?: number;
  readonly fileMode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

const characters = [
  ["kmsg", 1, 11],
  ["cuse", 10, 203],
  ["fuse", 10, 229],
  ["kvm", 10, 232],
  ["net/tun", 10, 200],
  ["loop-control", 10, 237],
] as const;

/** Devices of an insecure step, as BuildKit gives them (util/entitlements/security), whether the host has nodes for them or not: those
 * of the kernel's log, file systems and virtual machines, and loop devices up to the seventh after the first free one. */
export function insecureDevices(isFree: (loop: number) => boolean = isFreeLoop): readonly SpecDevice[] {
  let free = 0;
  while (!isFree(free) && free < 255) free++;
  const loops = Array.from({ length: free + 8 }, (_, minor) => minor);
  return [
    ...characters.map(([name, major, minor]) => ({ path: `/dev/${name}`, type: "c", major, minor }) as const),
    ...loops.map((minor) => ({ path: `/dev/loop${minor}`, type: "b", major: 7, minor }) as const),
  ];
}

function isFreeLoop(loop: number): boolean {
  return !existsSync(`/sys/block/loop${loop}/loop/backing_file`);
}
