import { type BigIntStats, lstatSync, readdirSync, readlinkSync } from "node:fs";
import type { HostPath } from "../sys/index.ts";
import { HardLinks } from "./hard-links.ts";
import { quotePath, toByteString, toHostPath } from "./host-path.ts";
import { LayerError } from "./layer-error.ts";
import { type PackEntry, type PackedStat, type PackedType, toTarEntry } from "./pack-entry.ts";
import { SortedWalk } from "./sorted-walk.ts";
import type { TarEntry } from "./tar-entry.ts";
import { joinPath } from "./tar-path.ts";
import { isWhiteoutName, opaqueMarker, whiteoutName } from "./whiteout.ts";
import { type OpaqueXattr, readXattrs } from "./overlay-xattrs.ts";

/** The entries of a layer directory in overlayfs form, as an OCI layer has them: whiteouts and opaque directories as `.wh.` files,
 * hard links within the layer as links, sockets left out. The root itself is no entry. Equal trees give equal entries.
 * @throws {LayerError} `UNREPRESENTABLE` for a file named `.wh.…` and for a layer that needs another one of its machine */
export function* layerEntries(
  layerDir: string,
  { opaqueXattr }: { readonly opaqueXattr: OpaqueXattr },
): Generator<PackEntry, void> {
  const root = toByteString(layerDir);
  const walk = new SortedWalk((directory) => readdirSync(toHostPath(`${root}/${directory}`), "latin1"));
  const links = new HardLinks();
  const { isOpaque } = readXattrs(layerDir, opaqueXattr);
  if (isOpaque) yield { entry: opaqueEntry("", lstatSync(layerDir, { bigint: true })) };
  for (let found = walk.next(); found; found = walk.next()) {
    const host = toHostPath(`${root}/${found.path}`);
    const stat = lstatSync(host, { bigint: true });
    if (stat.isSocket()) continue;
    if (stat.isCharacterDevice() && stat.rdev === 0n) yield { entry: whiteoutEntry(found, stat) };
    else if (isWhiteoutName(found.name))
      throw unrepresentable(found.path, 'names with ".wh." stand for deleted files');
    else if (stat.isDirectory()) {
      yield* directoryEntries(found.path, { host, stat, opaqueXattr });
      walk.enter(found.path);
    } else {
      const entry = fileEntry(found.path, { host, stat, opaqueXattr });
      yield links.resolve({ entry, file: host }, { key: String(stat.ino), nlink: Number(stat.nlink) });
    }
  }
}

interface Found {
  readonly host: HostPath;
  readonly stat: BigIntStats;
  readonly opaqueXattr: OpaqueXattr;
}

function* directoryEntries(path: string, { host, stat, opaqueXattr }: Found): Generator<PackEntry, void> {
  const { xattrs, isOpaque, isDependent } = readXattrs(host, opaqueXattr);
  if (isDependent) throw unrepresentable(path, "it is redirected to another layer");
  yield { entry: toTarEntry(path, packStat(stat), { linkPath: "", xattrs }) };
  if (isOpaque) yield { entry: opaqueEntry(path, stat) };
}

function fileEntry(path: string, { host, stat, opaqueXattr }: Found): TarEntry {
  const { xattrs, isDependent } = readXattrs(host, opaqueXattr);
  if (isDependent) throw unrepresentable(path, "its bytes are in another layer");
  const linkPath = stat.isSymbolicLink() ? readlinkSync(host, "latin1") : "";
  return toTarEntry(path, packStat(stat), { linkPath, xattrs });
}

/** As Docker writes it: what the device has, mode 0600. */
function whiteoutEntry(
  { directory, name }: { directory: string; name: string },
  stat: BigIntStats,
): TarEntry {
  return markerEntry(joinPath(directory, whiteoutName(name)), stat, { mode: 0o600, mtimeNs: stat.mtimeNs });
}

/** As Docker writes it: the directory's owner and mode, no time. */
function opaqueEntry(directory: string, stat: BigIntStats): TarEntry {
  const mode = Number(stat.mode) & 0o777;
  return markerEntry(joinPath(directory, opaqueMarker), stat, { mode, mtimeNs: 0n });
}

function markerEntry(path: string, stat: BigIntStats, fields: { mode: number; mtimeNs: bigint }): TarEntry {
  const file = { ...packStat(stat), ...fields, type: "file", sizeBytes: 0, rdev: 0 } as const;
  return toTarEntry(path, file, { linkPath: "", xattrs: [] });
}

function packStat(stat: BigIntStats): PackedStat {
  return {
    type: typeOf(stat),
    isBlock: stat.isBlockDevice(),
    mode: Number(stat.mode) & 0o7777,
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    sizeBytes: Number(stat.size),
    mtimeNs: stat.mtimeNs,
    rdev: Number(stat.rdev),
  };
}

function typeOf(stat: BigIntStats): PackedType {
  if (stat.isFile()) return "file";
  if (stat.isDirectory()) return "directory";
  if (stat.isSymbolicLink()) return "symlink";
  return stat.isFIFO() ? "fifo" : "device";
}

function unrepresentable(path: string, reason: string): LayerError {
  return new LayerError("UNREPRESENTABLE", `Cannot pack ${quotePath(path)} into a layer: ${reason}`);
}
