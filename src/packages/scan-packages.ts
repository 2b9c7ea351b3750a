import { closeSync, readSync } from "node:fs";
import {
  baseName,
  type FileTree,
  joinTreePath,
  resolveInTree,
  type TreePath,
  toText,
  TreeError,
} from "../tree/index.ts";
import type { Distribution, FoundPackage, PackageList, UnreadDatabase } from "./found-package.ts";
import { readGoBuildInfo } from "./go-build-info.ts";
import { parsePackageJson } from "./parse-npm.ts";
import { parseOsRelease } from "./parse-os-release.ts";
import { DatabaseError, type ReadAt } from "./rpm/read-at.ts";
import { readRpmDatabase } from "./rpm/read-rpm-database.ts";
import { parseApkInstalled, parseDpkgStatus, parsePythonMetadata } from "./parse-stanzas.ts";

type Parser = (text: string, path: string) => readonly FoundPackage[];

/** Files that tell of packages, by their path; the first that fits counts. */
const parsers: readonly (readonly [pattern: RegExp, parse: Parser])[] = [
  [/^\/var\/lib\/dpkg\/status$/, parseDpkgStatus],
  [/^\/var\/lib\/dpkg\/status\.d\/(?!.*\.md5sums$)[^/]+$/, parseDpkgStatus],
  [/^\/(?:usr\/)?lib\/apk\/db\/installed$/, parseApkInstalled],
  [/\/node_modules\/(?:@[^/]+\/)?[^/]+\/package\.json$/, parsePackageJson],
  [/\.dist-info\/METADATA$/, parsePythonMetadata],
  [/\.egg-info(?:\/PKG-INFO)?$/, parsePythonMetadata],
];

/** Databases of rpm, by its three formats. */
const rpmDatabase =
  /\/(?:var\/lib|usr\/lib\/sysimage|usr\/share)\/rpm\/(?:rpmdb\.sqlite|Packages|Packages\.db)$/;

/** A database of the largest distributions has 10 MB. */
const textLimitBytes = 64 << 20;
/** No Go program is smaller. */
const smallestProgramBytes = 64 << 10;

/** A tree whose files can be opened: links on the way are not followed, whoever puts them there. */
export interface ReadableTree {
  readonly tree: FileTree;
  /** The caller closes the descriptor. */
  readonly open: (path: TreePath) => number;
}

/** Lists the packages that are installed in a tree: of dpkg, apk, rpm, npm, Python, and the modules of Go programs. Whatever the
 * files hold, nothing is run, and memory is bounded by the largest of them. */
export function scanPackages(source: ReadableTree): PackageList {
  const found: FoundPackage[] = [];
  const unread: UnreadDatabase[] = [];
  for (const path of filesBelow(source.tree, "/")) {
    try {
      for (const each of packagesOf(source, path)) found.push(each);
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error;
      unread.push({ path: toText(path), reason: error.message });
    }
  }
  const distribution = readDistribution(source);
  return { packages: sortedOnce(found), ...(distribution && { distribution }), unread };
}

function* filesBelow(tree: FileTree, directory: TreePath): Generator<TreePath> {
  const names = tree.readdir(directory);
  const stats = tree.lstatNames(directory, names);
  for (const [index, name] of names.entries()) {
    const path = joinTreePath(directory, name);
    const type = stats[index]?.type;
    if (type === "file") yield path;
    if (type === "directory" && !isVirtual(path)) yield* filesBelow(tree, path);
  }
}

function isVirtual(path: TreePath): boolean {
  return path === "/proc" || path === "/sys" || path === "/dev";
}

function packagesOf(source: ReadableTree, path: TreePath): readonly FoundPackage[] {
  const parse = parsers.find(([pattern]) => pattern.test(path))?.[1];
  if (parse) return parse(readText(source, path), toText(path));
  const { mode, sizeBytes } = source.tree.lstat(path)!;
  if (rpmDatabase.test(path)) return readRpm(source, path, sizeBytes);
  if ((mode & 0o111) === 0 || sizeBytes < smallestProgramBytes || /\.(?:so|py|js|sh)\b/.test(baseName(path)))
    return [];
  return withFile(source, path, (fd) => readGoBuildInfo(readerOf(fd, sizeBytes), toText(path)));
}

/** What a log beside the database holds has not reached it. */
function readRpm(source: ReadableTree, path: TreePath, sizeBytes: number): readonly FoundPackage[] {
  if ((source.tree.lstat(`${path}-wal`)?.sizeBytes ?? 0) > 0)
    throw new DatabaseError("a write-ahead log lies beside it");
  return withFile(source, path, (fd) => {
    return readRpmDatabase(readerOf(fd, sizeBytes), { path: toText(path), sizeBytes });
  });
}

function readerOf(fd: number, sizeBytes: number): ReadAt {
  return (position, length) => {
    const buffer = Buffer.alloc(Math.max(0, Math.min(length, sizeBytes - position)));
    return buffer.length === 0
      ? buffer
      : buffer.subarray(0, readSync(fd, buffer, 0, buffer.length, position));
  };
}

function readText(source: ReadableTree, path: TreePath): string {
  const length = Math.min(source.tree.lstat(path)?.sizeBytes ?? 0, textLimitBytes);
  return withFile(source, path, (fd) => {
    const buffer = Buffer.alloc(length);
    let filled = 0;
    while (filled < length) {
      const read = readSync(fd, buffer, filled, length - filled, filled);
      if (read === 0) break;
      filled += read;
    }
    return buffer.toString("utf8", 0, filled);
  });
}

function withFile<Value>({ open }: ReadableTree, path: TreePath, use: (fd: number) => Value): Value {
  const fd = open(path);
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

function readDistribution(source: ReadableTree): Distribution | undefined {
  const { tree } = source;
  for (const candidate of ["/etc/os-release", "/usr/lib/os-release"]) {
    const path = tryResolve(tree, candidate);
    if (path !== undefined && tree.lstat(path)?.type === "file")
      return parseOsRelease(readText(source, path));
  }
  return undefined;
}

function tryResolve(tree: FileTree, path: TreePath): TreePath | undefined {
  try {
    return resolveInTree(tree, path);
  } catch (error) {
    if (error instanceof TreeError) return undefined;
    throw error;
  }
}

function sortedOnce(found: readonly FoundPackage[]): readonly FoundPackage[] {
  const key = ({ type, name, version, path }: FoundPackage) => [type, name, version, path].join("\0");
  const byKey = new Map(found.map((each) => [key(each), each]));
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
}
