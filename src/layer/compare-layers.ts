import { closeSync, openSync, readSync } from "node:fs";
import type { HostPath } from "../sys/index.ts";
import { layerEntries } from "./layer-entries.ts";
import type { OpaqueXattr } from "./overlay-xattrs.ts";
import type { PackEntry } from "./pack-entry.ts";
import type { TarEntry } from "./tar-entry.ts";
import { opaqueMarker, whiteoutOf } from "./whiteout.ts";

/** What a layer has otherwise than a recorded one, at the first path where something differs. */
export interface LayerDifference {
  /** In the image, in latin1, with a leading slash. */
  readonly path: string;
  /** For people: `content`, `mode 0644→0755`, `only in the new layer`. */
  readonly what: string;
}

/** Compares a recorded layer directory with one that was made again, both in overlayfs form as images have them: names, types, modes, owners, sizes, bytes, link targets, hard
 * links, devices, extended attributes, whiteouts and opaque directories. Times do not count, nor does the root itself.
 * @returns undefined for layers that are the same
 * @throws {LayerError} `UNREPRESENTABLE` */
export function compareLayers(
  recorded: string,
  made: string,
  options: { readonly opaqueXattr: OpaqueXattr },
): LayerDifference | undefined {
  const [left, right] = [layerEntries(recorded, options), layerEntries(made, options)];
  for (;;) {
    const [one, other] = [left.next().value ?? undefined, right.next().value ?? undefined];
    if (!one && !other) return undefined;
    const difference = compareEntries(one, other);
    if (difference) return difference;
  }
}

function compareEntries(
  one: PackEntry | undefined,
  other: PackEntry | undefined,
): LayerDifference | undefined {
  if (!one) return onlyIn("new", other!);
  if (!other) return onlyIn("recorded", one);
  const order = compareInWalk(one.entry.path, other.entry.path);
  if (order !== 0) return order < 0 ? onlyIn("recorded", one) : onlyIn("new", other);
  const what = differentFact(one.entry, other.entry) ?? (hasSameBytes(one, other) ? undefined : "content");
  return what === undefined ? undefined : { path: shownPath(one.entry), what };
}

function onlyIn(which: "recorded" | "new", { entry }: PackEntry): LayerDifference {
  const what = isOpaqueMark(entry.path) ? "opaque " : whiteoutOf(entry.path) === undefined ? "" : "deleted ";
  return { path: shownPath(entry), what: `${what}only in the ${which} layer` };
}

/** A whiteout is told as the file that it hides, the mark of an opaque directory as the directory. */
function shownPath({ path }: TarEntry): string {
  if (isOpaqueMark(path)) return `/${path.slice(0, -opaqueMarker.length - 1)}`;
  return `/${(whiteoutOf(path) ?? path).replace(/\/$/, "")}`;
}

function isOpaqueMark(path: string): boolean {
  return path === opaqueMarker || path.endsWith(`/${opaqueMarker}`);
}

/** Which of two paths `layerEntries` gives first; 0 for the same. */
function compareInWalk(one: string, other: string): number {
  const [names, others] = [namesOf(one), namesOf(other)];
  for (let index = 0; index < Math.max(names.length, others.length); index++) {
    const [name, against] = [names[index], others[index]];
    if (name === against) continue;
    if (name === undefined || against === undefined) return name === undefined ? -1 : 1;
    if (name === "") return -1;
    return against === "" || name > against ? 1 : -1;
  }
  return 0;
}

/** The mark of an opaque directory comes before everything in it, whatever its name. */
function namesOf(path: string): string[] {
  const names = (whiteoutOf(path) ?? path.replace(/\/$/, "")).split("/");
  return isOpaqueMark(path) ? [...names.slice(0, -1), ""] : names;
}

function differentFact(one: TarEntry, other: TarEntry): string | undefined {
  const isDeleted = whiteoutOf(one.path) !== undefined;
  if (isDeleted !== (whiteoutOf(other.path) !== undefined))
    return `deleted only in the ${isDeleted ? "recorded" : "new"} layer`;
  if (one.type !== other.type) return `${one.type}→${other.type}`;
  if (one.mode !== other.mode) return `mode ${octal(one.mode)}→${octal(other.mode)}`;
  const owners = [one, other].map(({ uid, gid }) => `${uid}:${gid}`);
  if (owners[0] !== owners[1]) return `owner ${owners.join("→")}`;
  if (one.linkPath !== other.linkPath) return "link target";
  if (one.sizeBytes !== other.sizeBytes) return `size ${one.sizeBytes}→${other.sizeBytes}`;
  if (one.deviceMajor !== other.deviceMajor || one.deviceMinor !== other.deviceMinor) return "device number";
  return differentXattr(one, other);
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}

function differentXattr(one: TarEntry, other: TarEntry): string | undefined {
  const valuesOf = ({ xattrs }: TarEntry) =>
    new Map(xattrs.map(({ name, value }) => [name, value.toString("hex")]));
  const [values, others] = [valuesOf(one), valuesOf(other)];
  const names = [...new Set([...values.keys(), ...others.keys()])];
  const name = names.find((each) => values.get(each) !== others.get(each));
  return name === undefined ? undefined : `attribute ${name}`;
}

const chunkBytes = 256 * 1024;

/** Both are of the same size. */
function hasSameBytes(one: PackEntry, other: PackEntry): boolean {
  if (one.entry.sizeBytes === 0 || one.file === undefined || other.file === undefined) return true;
  const [left, right] = [Buffer.allocUnsafe(chunkBytes), Buffer.allocUnsafe(chunkBytes)];
  return withOpen(one.file, (leftFd) =>
    withOpen(other.file!, (rightFd) => {
      for (;;) {
        const length = readSync(leftFd, left, 0, chunkBytes, null);
        if (readFully(rightFd, right, length) !== length) return false;
        if (length === 0) return readSync(rightFd, right, 0, 1, null) === 0;
        if (left.compare(right, 0, length, 0, length) !== 0) return false;
      }
    }),
  );
}

function readFully(fd: number, into: Buffer, length: number): number {
  let done = 0;
  while (done < length) {
    const count = readSync(fd, into, done, length - done, null);
    if (count === 0) break;
    done += count;
  }
  return done;
}

function withOpen<Value>(file: HostPath, use: (fd: number) => Value): Value {
  const fd = openSync(file, "r");
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}
