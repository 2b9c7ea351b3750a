import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import path from "node:path";

/** Every file of a tar of a root file system, extracted as root into `dir`: path → what it is. Times are left out. */
export function listTar(tar, dir) {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  execFileSync("tar", ["--numeric-owner", "-xpf", tar, "-C", dir]);
  const entries = {};
  const inodes = new Map();
  const walk = (relative) => {
    const file = path.join(dir, relative);
    const stat = lstatSync(file);
    entries[`/${relative}`] = describe(file, stat, `/${relative}`, inodes);
    if (stat.isDirectory()) for (const name of readdirSync(file).sort()) walk(path.join(relative, name));
  };
  for (const name of readdirSync(dir).sort()) walk(name);
  return entries;
}

function describe(file, stat, name, inodes) {
  const mode = (stat.mode & 0o7777).toString(8).padStart(4, "0");
  const owner = `${stat.uid}:${stat.gid}`;
  if (stat.isSymbolicLink()) return `link ${owner} -> ${readlinkSync(file)}`;
  if (stat.isDirectory()) return `dir ${mode} ${owner}`;
  if (!stat.isFile()) return `special ${mode} ${owner} ${stat.rdev}`;
  const first = inodes.get(stat.ino);
  inodes.set(stat.ino, first ?? name);
  if (first) return `hardlink ${first}`;
  return `file ${mode} ${owner} ${stat.size} ${createHash("sha256").update(readFileSync(file)).digest("hex").slice(0, 16)}`;
}

/** The config of the one image in a `docker save` or OCI archive, without what differs by nature: times and diffIDs. */
export function imageConfig(archive) {
  const read = (name) => execFileSync("tar", ["-xOf", archive, name], { maxBuffer: 1 << 26 });
  const [{ Config }] = JSON.parse(read("manifest.json"));
  const { created: _created, rootfs, history, ...config } = JSON.parse(read(Config));
  return {
    ...config,
    layers: rootfs.diff_ids?.length ?? 0,
    history: history.map(({ created: _time, ...entry }) => entry),
  };
}

/** Entries of `tree` that are not the same in `base`, and base entries that are gone. */
export function treeDifference(tree, base) {
  const difference = {};
  for (const [name, entry] of Object.entries(tree)) if (base[name] !== entry) difference[name] = entry;
  for (const name of Object.keys(base)) if (!(name in tree)) difference[name] = "removed";
  return difference;
}
