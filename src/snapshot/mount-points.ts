import { chmodSync, lstatSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import {
  DirectoryTree,
  type FileTree,
  hostBytes,
  resolveInTree,
  toBytes,
  toText,
  type TreePath,
} from "../tree/index.ts";
import { isErrno } from "../util/index.ts";
import { copyDirectoryMetadata, describeDirectoryMetadata } from "./directory-metadata.ts";
import { isOpaque } from "./is-opaque.ts";

/** A place where something will be mounted over the merged tree. */
export interface MountPoint {
  /** Absolute path inside the tree, as the user wrote it. */
  readonly dest: string;
  readonly kind: "directory" | "file";
  /** Permission bits of a missing one; default 0o755 and 0o644. */
  readonly mode?: number;
}

export interface FoundMountPoints {
  /** In the order of the given points: where each really is, symbolic links resolved inside the tree. */
  readonly resolved: readonly string[];
  /** What the tree does not have; undefined when nothing is missing. */
  readonly missing: MissingMountPoints | undefined;
  /** Names in the root, in latin1, that all of this was found under. */
  readonly rootNames: readonly string[];
}

/** Mount points that a tree lacks, to be made in a layer of their own that lies between the image and the upper directory. A step
 * therefore leaves no trace of its sandbox, and what it writes beside a stub is kept: the parents of a stub have the owner, mode,
 * attributes and times that the image gave them. */
export interface MissingMountPoints {
  /** Equal keys need equal layers. */
  readonly key: string;
  /** Makes them in an empty directory. The tree must still be mounted. */
  makeIn(layer: string): void;
}

/** Finds where mount points are in the tree at `root`. */
export function findMountPoints(root: string, points: readonly MountPoint[]): FoundMountPoints {
  const tree = new DirectoryTree(root);
  const rootNames = new Set<string>();
  const looked: Pick<FileTree, "lstat" | "readlink"> = {
    lstat: (place) => tree.lstat(noted(place, rootNames)),
    readlink: (place) => tree.readlink(place),
  };
  const resolved = points.map((point) => toText(resolveInTree(looked, toBytes(point.dest))));
  const missing: Stub[] = points.flatMap(({ kind, mode }, index) => {
    const place = resolved[index]!;
    // What lies under another mount is made there by the runtime.
    const isHidden = resolved.slice(0, index).some((parent) => place.startsWith(`${parent}/`));
    if (isHidden || lstatIfPresent(root + place)) return [];
    return [{ place, kind, mode: mode ?? (kind === "directory" ? 0o755 : 0o644) }];
  });
  return {
    resolved,
    missing: missing.length === 0 ? undefined : describeMissing(root, missing),
    rootNames: [...rootNames],
  };
}

function noted(place: TreePath, rootNames: Set<string>): TreePath {
  rootNames.add(place.split("/", 2)[1]!);
  return place;
}

/** Could the same mount points be found elsewhere, or other ones be missing, once a layer lies on top of the tree?
 * @param layer absolute directory */
export function changesMountPoints(layer: string, { rootNames }: FoundMountPoints): boolean {
  const bytes = toBytes(layer);
  return rootNames.some((name) => lstatIfPresent(hostBytes(`${bytes}/${name}`))) || isOpaque(layer);
}

interface Stub {
  readonly place: string;
  readonly kind: MountPoint["kind"];
  readonly mode: number;
}

function describeMissing(root: string, stubs: readonly Stub[]): MissingMountPoints {
  // The root's own metadata is that of the upper directory. Deepest first, so that making a child does not change a time again.
  const parents = [...new Set(stubs.flatMap(({ place }) => parentsOf(place)))]
    .filter((parent) => lstatIfPresent(root + parent))
    .sort((a, b) => b.length - a.length);
  const metadata = parents.map((parent) => [parent, describeDirectoryMetadata(root + parent)]);
  return {
    key: JSON.stringify({ stubs, metadata }),
    makeIn(layer) {
      for (const stub of stubs) makeStub(layer + stub.place, stub);
      for (const parent of parents) copyDirectoryMetadata(root + parent, layer + parent);
    },
  };
}

function makeStub(place: string, { kind, mode }: Stub): void {
  mkdirSync(path.dirname(place), { recursive: true, mode: 0o755 });
  if (kind === "directory") mkdirSync(place, { recursive: true });
  else writeFileSync(place, "");
  chmodSync(place, mode);
}

/** Directories between the root and a place, neither included. */
function parentsOf(place: string): string[] {
  const parts = place.split("/");
  return parts.slice(2).map((_, index) => parts.slice(0, index + 2).join("/"));
}

/** Follows symbolic links inside the host directory `root`; what does not exist stays as written. `/` is the root itself.
 * @throws {TreeError} `LINK_LOOP` */
export function resolveInside(root: string, dest: string): string {
  return toText(resolveInTree(new DirectoryTree(root), toBytes(dest)));
}

function lstatIfPresent(file: string | Buffer) {
  try {
    return lstatSync(file, { throwIfNoEntry: false });
  } catch (error) {
    if (isErrno(error, "ENOTDIR")) return undefined;
    throw error;
  }
}
