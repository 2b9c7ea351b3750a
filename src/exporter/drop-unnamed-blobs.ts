import { lstatSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { type Digest, digestOf, mediaTypes, parseDigest } from "../oci/index.ts";
import { readTextFile } from "../util/index.ts";
import { blobPath } from "./image-files.ts";

/** Of manifests and indexes; BuildKit's own caches are below it. */
const documentLimitBytes = 16 << 20;

const documentTypes: readonly string[] = [
  mediaTypes.ociIndex,
  mediaTypes.ociManifest,
  mediaTypes.dockerManifestList,
  mediaTypes.dockerManifest,
];

/** Removes the blobs of an OCI layout that none of its manifests names, as BuildKit does for `reset=true`. What was written or taken
 * over within the last `youngMs` stays: another export that is under way names it only at its end. Nothing is removed where a manifest cannot be read, and
 * nothing but plain files of the layout's own directory.
 * @returns how many bytes were freed */
export function dropUnnamedBlobs(layout: string, { youngMs }: { readonly youngMs: number }): number {
  const directory = path.join(layout, "blobs/sha256");
  const isOwn = [path.dirname(directory), directory].every((each) => lstatSync(each).isDirectory());
  const named = isOwn ? namedDigests(layout) : undefined;
  if (named === undefined) return 0;
  const before = Date.now() - youngMs;
  let freedBytes = 0;
  for (const name of readdirSync(directory)) {
    if (!/^[0-9a-f]{64}$/.test(name) || named.has(`sha256:${name}`)) continue;
    const file = path.join(directory, name);
    const stat = lstatSync(file, { throwIfNoEntry: false });
    if (!stat?.isFile() || stat.mtimeMs > before) continue;
    rmSync(file, { force: true });
    freedBytes += stat.size;
  }
  return freedBytes;
}

/** Of every blob that is reached from the index; undefined when something on the way cannot be read. */
function namedDigests(layout: string): ReadonlySet<string> | undefined {
  const named = new Set<string>();
  const documents: unknown[] = [];
  try {
    documents.push(readDocument(path.join(layout, "index.json")));
    for (const document of documents) {
      for (const { digest, mediaType } of descriptorsIn(document)) {
        if (named.has(digest)) continue;
        named.add(digest);
        if (documentTypes.includes(mediaType))
          documents.push(readDocument(path.join(layout, blobPath(digest)), digest));
      }
    }
    return named;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof Unreadable) return undefined;
    throw error;
  }
}

class Unreadable extends Error {}

function readDocument(file: string, digest?: Digest): unknown {
  const text = tryRead(file);
  if (text === undefined || (digest !== undefined && digestOf(Buffer.from(text)) !== digest))
    throw new Unreadable();
  return JSON.parse(text);
}

/** Undefined for what is too long, and for what cannot be read. */
function tryRead(file: string): string | undefined {
  try {
    return readTextFile(file, { limitBytes: documentLimitBytes, isFound: true });
  } catch {
    return undefined;
  }
}

interface Named {
  readonly digest: Digest;
  readonly mediaType: string;
}

/** Whatever has a digest, wherever a document names it: `manifests`, `config`, `layers`, `subject` and what is yet to come. */
function descriptorsIn(document: unknown): readonly Named[] {
  const found: Named[] = [];
  const waiting: unknown[] = [document];
  for (const value of waiting) {
    if (typeof value !== "object" || value === null) continue;
    const { digest, mediaType } = value as Partial<Record<keyof Named, unknown>>;
    if (typeof digest === "string" && /^sha256:[0-9a-f]{64}$/.test(digest))
      found.push({ digest: parseDigest(digest), mediaType: String(mediaType) });
    for (const inner of Object.values(value)) waiting.push(inner);
  }
  return found;
}
