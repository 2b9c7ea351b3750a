import { closeSync, openSync } from "node:fs";
import { declare } from "./libc.ts";
import { deviceNumber } from "./special-file.ts";

// The answer has one layout on all machines, unlike stat(2)'s: https://man7.org/linux/man-pages/man2/statx.2.html
const statxCall = declare("statx", "int", ["int", "void *", "int", "uint", "void *"]);

/** What `lstat` says of a file, in the numbers of `BigIntStats`. */
export interface LinkStat {
  readonly mode: number;
  readonly nlink: number;
  readonly uid: number;
  readonly gid: number;
  readonly ino: number;
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly dev: number;
  readonly rdev: number;
}

/** `lstat` of files of one directory, for bulk work: half the cost of Node's, and most of that is the kernel's.
 * @param names in latin1, one character for each byte
 * @returns one for each name, undefined where the system tells nothing: it is not there, or may not be looked at
 * @throws where there is no statx(2) to call */
export function lstatNames(directory: Buffer, names: readonly string[]): (LinkStat | undefined)[] {
  const fd = tryOpen(directory);
  if (fd === undefined) return names.map(() => undefined);
  try {
    return names.map((name) => (lookAt(fd, name) ? readAnswer() : undefined));
  } finally {
    closeSync(fd);
  }
}

/** The kernel finds files from here in less time than by their paths. */
function tryOpen(directory: Buffer): number | undefined {
  const O_PATH = 0o10000000;
  try {
    return openSync(directory, O_PATH);
  } catch {
    return undefined;
  }
}

const NAME_MAX = 255;

/** Calls are synchronous, so one buffer of each kind serves all. */
const nameBytes = Buffer.alloc(NAME_MAX + 1);
const answer = Buffer.alloc(256);
const words = new Uint32Array(answer.buffer, answer.byteOffset, 64);
const longs = new BigInt64Array(answer.buffer, answer.byteOffset, 32);

const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_NO_AUTOMOUNT = 0x800;
const FLAGS = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;
const STATX_BASIC_STATS = 0x7ff;

function lookAt(directoryFd: number, name: string): boolean {
  if (name.length > NAME_MAX) return false;
  for (let index = 0; index < name.length; index++) nameBytes[index] = name.charCodeAt(index);
  nameBytes[name.length] = 0;
  return statxCall(directoryFd, nameBytes, FLAGS, STATX_BASIC_STATS, answer) === 0;
}

function readAnswer(): LinkStat {
  return {
    mode: words[7]! & 0xffff,
    nlink: words[4]!,
    uid: words[5]!,
    gid: words[6]!,
    ino: words[8]! + words[9]! * 2 ** 32,
    size: words[10]! + words[11]! * 2 ** 32,
    mtimeNs: longs[14]! * 1_000_000_000n + BigInt(words[30]!),
    ctimeNs: longs[12]! * 1_000_000_000n + BigInt(words[26]!),
    dev: deviceNumber(words[34]!, words[35]!),
    rdev: deviceNumber(words[32]!, words[33]!),
  };
}
