import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from "node:fs";
import path from "node:path";

/** Every file below `dir`: path → type, mode, owner, time in seconds, and bytes, link target or device number. */
export function listTree(dir: string): Readonly<Record<string, string>> {
  const entries: Record<string, string> = {};
  const firstNames = new Map<number, string>();
  const names = readdirSync(dir, { recursive: true, encoding: "latin1" }).sort();
  for (const name of names) {
    const file = Buffer.from(path.join(dir, name), "latin1");
    const stat = lstatSync(file);
    const first = firstNames.get(stat.ino);
    firstNames.set(stat.ino, first ?? name);
    entries[name] = first === undefined ? describe(file, stat) : `hard link to ${first}`;
  }
  return entries;
}

function describe(file: Buffer, stat: Stats): string {
  const mode = (stat.mode & 0o7777).toString(8);
  return `${kindOf(file, stat)} ${mode} ${stat.uid}:${stat.gid} @${Math.floor(stat.mtimeMs / 1000)}`;
}

function kindOf(file: Buffer, stat: Stats): string {
  if (stat.isFile()) return `file ${createHash("sha256").update(readFileSync(file)).digest("hex")}`;
  if (stat.isDirectory()) return "directory";
  if (stat.isSymbolicLink()) return `link to ${readlinkSync(file)}`;
  return `special ${(stat.mode & 0o170000).toString(8)} ${stat.rdev}`;
}
