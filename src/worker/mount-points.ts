import { lstatSync } from "node:fs";
import path from "node:path";
import {
  changesMountPoints,
  type FoundMountPoints,
  findMountPoints,
  type MountPoint,
} from "../snapshot/index.ts";
import type { StubLayers } from "./stub-layers.ts";

export interface PlacedMountPoints {
  /** In the order of the given points: where each really is in the tree. */
  readonly resolved: readonly string[];
  /** Directories that hold what the tree lacks, to lie on top of its layers. */
  readonly stubs: readonly string[];
  /** Those directories of the root to be kept that the tree lacks. */
  readonly made: readonly string[];
}

export interface MountPointsRequest {
  /** Absolute directories of the layers, bottom first. */
  readonly lowers: readonly string[];
  readonly points: readonly MountPoint[];
  /** Directories of the root that become part of the step's layer; each is one of `points`. */
  readonly kept: readonly string[];
}

/** Where the mounts of steps go. A step mostly stands on the layer of the one before, which did not touch them: then they are known,
 * and the tree need not be mounted for a look. */
export class MountPoints {
  readonly #stubs: StubLayers;
  readonly #known = new Map<string, Known>();

  constructor(stubs: StubLayers) {
    this.#stubs = stubs;
  }

  /** @param look mounts the tree and returns where; called when nothing is known of it */
  place(request: MountPointsRequest, look: () => string): PlacedMountPoints {
    const asked = JSON.stringify([request.points, request.kept]);
    const known = this.#find(asked, request.lowers) ?? this.#look(request, look());
    this.#known.set(keyOf(asked, request.lowers), { ...known, lowers: request.lowers });
    return known.placed;
  }

  /** What is known of the stack, or of one that it only adds other things to. */
  #find(asked: string, lowers: readonly string[]): Known | undefined {
    for (let count = lowers.length; count > Math.max(lowers.length - MAX_ADDED, 0); count--) {
      const known = this.#known.get(keyOf(asked, lowers.slice(0, count)));
      if (!known || known.lowers.some((lower, index) => lower !== lowers[index])) continue;
      const isSame = lowers.slice(count).every((layer) => !changesMountPoints(layer, known.found));
      return isSame ? known : undefined;
    }
    return undefined;
  }

  #look({ points, kept, lowers }: MountPointsRequest, root: string): Known {
    const found = findMountPoints(root, points);
    const made = kept.filter((name) => !lstatSync(path.join(root, name), { throwIfNoEntry: false }));
    const stubs = found.missing ? [this.#stubs.get(found.missing)] : [];
    return { lowers, found, placed: { resolved: found.resolved, stubs, made } };
  }
}

/** A step stands on one layer more than the last one, or on a few. */
const MAX_ADDED = 8;

interface Known {
  readonly lowers: readonly string[];
  readonly found: FoundMountPoints;
  readonly placed: PlacedMountPoints;
}

function keyOf(asked: string, lowers: readonly string[]): string {
  return `${lowers.length} ${lowers.at(-1)} ${asked}`;
}
