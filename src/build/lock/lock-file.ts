import path from "node:path";
import { type Digest, parseDigest } from "../../oci/index.ts";
import { isErrno, readTextFile, writeFileDurable } from "../../util/index.ts";
import { BuildError } from "../build-error.ts";

/** What a lock says of an image. */
export interface LockedImage {
  /** Of the index where there is one: what the tag leads to. */
  readonly digest: Digest;
  /** Digest of the manifest by platform. */
  readonly platforms: Readonly<Record<string, Digest>>;
  /** It was built or imported here, and no registry knows it. */
  readonly local?: true;
}

/** The external sources of a Dockerfile, as they were when they were locked: the text of `Dockerfile.lock`. */
export interface Lock {
  /** By normalised name with its tag. */
  readonly images: Readonly<Record<string, LockedImage>>;
  /** Digest of the bytes by URL. */
  readonly urls: Readonly<Record<string, string>>;
  /** Commit by `<remote>#<ref>`, or by `<remote>` for its default branch. */
  readonly git: Readonly<Record<string, string>>;
}

export const emptyLock: Lock = { images: {}, urls: {}, git: {} };

const version = 1;
const limitBytes = 16 * 1024 * 1024;

/** Name of the lock of a Dockerfile, beside it; undefined for one that is no file. */
export function lockPath(dockerfile: { readonly path: string | undefined }): string | undefined {
  return dockerfile.path === undefined ? undefined : `${dockerfile.path}.lock`;
}

/** Undefined when there is no such file.
 * @throws {BuildError} `LOCK_INVALID` */
export function readLock(file: string): Lock | undefined {
  let text: string | undefined;
  try {
    text = readTextFile(file, { limitBytes, isFound: true });
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR")) return undefined;
    throw invalid(file, (error as Error).message);
  }
  if (text === undefined) throw invalid(file, `larger than ${limitBytes} bytes`);
  try {
    return parseLock(JSON.parse(text));
  } catch (error) {
    throw invalid(file, (error as Error).message);
  }
}

/** One entry for each line that a review should see, sorted by name. Whole or not at all. */
export function writeLock(file: string, lock: Lock): void {
  writeFileDurable(file, formatLock(lock));
}

function formatLock({ images, urls, git }: Lock): string {
  return `${JSON.stringify({ version, images: sorted(images), urls: sorted(urls), git: sorted(git) }, undefined, 2)}\n`;
}

function sorted<Value>(entries: Readonly<Record<string, Value>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function invalid(file: string, reason: string): BuildError {
  return new BuildError("LOCK_INVALID", `Cannot use lock file "${path.basename(file)}": ${reason}`, {
    hint: "make a new one with slipway lock --update",
  });
}

/** @throws {Error} with the reason */
function parseLock(value: unknown): Lock {
  const lock = object(value, "the file");
  if (lock["version"] !== version)
    throw new Error(`expected version ${version}, got ${JSON.stringify(lock["version"])}`);
  return {
    images: mapValues(object(lock["images"], "images"), parseImage),
    urls: mapValues(object(lock["urls"], "urls"), (digest) => parseDigest(digest)),
    git: mapValues(object(lock["git"], "git"), parseCommit),
  };
}

function parseImage(value: unknown, name: string): LockedImage {
  const { digest, platforms, local } = object(value, name);
  return {
    digest: parseDigest(digest),
    platforms: mapValues(object(platforms, `platforms of ${name}`), (one) => parseDigest(one)),
    ...(local === true && { local }),
  };
}

function parseCommit(value: unknown, name: string): string {
  if (typeof value === "string" && /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(value)) return value;
  throw new Error(`${name} has no commit`);
}

function object(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new Error(`${what} is not an object`);
}

function mapValues<Value>(
  entries: Record<string, unknown>,
  parse: (value: unknown, name: string) => Value,
): Record<string, Value> {
  return Object.fromEntries(Object.entries(entries).map(([name, value]) => [name, parse(value, name)]));
}
