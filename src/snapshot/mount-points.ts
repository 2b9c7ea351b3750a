import { chmodSync, lstatSync, mkdirSync, readlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { isErrno } from "../util/index.ts";
import { copyDirectoryMetadata } from "./directory-metadata.ts";

/** A place where something will be mounted over the merged tree. */
export interface MountPoint {
  /** Absolute path inside the tree, as the user wrote it. */
  readonly dest: string;
  readonly kind: "directory" | "file";
  /** Permission bits of a missing one; default 0o755 and 0o644. */
  readonly mode?: number;
}

export interface PreparedMountPoints {
  /** In the order of the given points: where each really is, symbolic links resolved inside the tree. */
  readonly resolved: readonly string[];
  /** Something was missing: `layer` now holds it and must be mounted on top of the lower directories. */
  readonly needsLayer: boolean;
}

/** Finds where mount points are in the tree at `root`, and makes the missing ones in `layer`, an empty directory outside: a layer
 * of its own, to be mounted between the image and the upper directory. A step therefore leaves no trace of its sandbox,
 * and what it writes beside a stub is kept: its copied-up parents get the metadata that the image gave them. */
export function prepareMountPoints(
  root: string,
  layer: string,
  points: readonly MountPoint[],
): PreparedMountPoints {
  const resolved = points.map((point) => resolveInside(root, point.dest));
  const hidden: string[] = [];
  const missing = points.flatMap((point, index) => {
    const place = resolved[index]!;
    const isHidden = hidden.some((parent) => place.startsWith(`${parent}/`));
    hidden.push(place);
    // What lies under another mount is made there by the runtime.
    return isHidden || lstatIfPresent(root + place) ? [] : [{ ...point, place }];
  });
  if (missing.length > 0) {
    for (const { place, kind, mode } of missing) makeStub(layer + place, kind, mode);
    copyMetadataOfParents(
      root,
      layer,
      missing.map(({ place }) => place),
    );
  }
  return { resolved, needsLayer: missing.length > 0 };
}

function makeStub(stub: string, kind: MountPoint["kind"], mode: number | undefined): void {
  mkdirSync(path.dirname(stub), { recursive: true, mode: 0o755 });
  if (kind === "directory") mkdirSync(stub, { recursive: true });
  else writeFileSync(stub, "");
  chmodSync(stub, mode ?? (kind === "directory" ? 0o755 : 0o644));
}

/** Deepest first, so that making a child does not change a time that was set. */
function copyMetadataOfParents(root: string, layer: string, places: readonly string[]): void {
  const parents = new Set(places.flatMap(parentsOf));
  for (const parent of [...parents].sort((a, b) => b.length - a.length)) {
    if (lstatIfPresent(root + parent)) copyDirectoryMetadata(root + parent, layer + parent);
  }
}

function parentsOf(place: string): string[] {
  const parts = place.split("/");
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join("/") || "/");
}

const MAX_LINKS = 255;

/** Follows symbolic links inside `root`; what does not exist stays as written. `/` is returned for the root itself. */
export function resolveInside(root: string, dest: string): string {
  const pending = dest.split("/").toReversed();
  const done: string[] = [];
  for (let links = 0; pending.length > 0; ) {
    const part = pending.pop()!;
    if (part === "" || part === ".") continue;
    if (part === "..") {
      done.pop();
      continue;
    }
    const target = linkTarget(`${root}/${[...done, part].join("/")}`);
    if (target === undefined) done.push(part);
    else {
      if (++links > MAX_LINKS) throw new Error(`Cannot resolve "${dest}": too many symbolic links`);
      if (target.startsWith("/")) done.length = 0;
      pending.push(...target.split("/").toReversed());
    }
  }
  return `/${done.join("/")}`;
}

function linkTarget(file: string): string | undefined {
  return lstatIfPresent(file)?.isSymbolicLink() ? readlinkSync(file) : undefined;
}

function lstatIfPresent(file: string) {
  try {
    return lstatSync(file, { throwIfNoEntry: false });
  } catch (error) {
    if (isErrno(error, "ENOTDIR")) return undefined;
    throw error;
  }
}
