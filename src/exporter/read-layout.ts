import { closeSync, constants, createReadStream, existsSync, fstatSync, openSync } from "node:fs";
import path from "node:path";
import type { Store } from "../content/index.ts";
import { documentLimitBytes, type ImageRecord, type StoredRecord } from "../image/index.ts";
import {
  type Descriptor,
  type Digest,
  digestOf,
  formatPlatform,
  hostPlatform,
  isImageDescriptor,
  matchPlatform,
  parseIndex,
  parseManifestOrIndex,
  type Platform,
} from "../oci/index.ts";
import { isErrno, readDescriptor } from "../util/index.ts";
import { ArchivedBlobs } from "./archived-blobs.ts";
import { ExporterError } from "./exporter-error.ts";
import { blobPath, nameListLimitBytes } from "./image-files.ts";
import { isFirst, readImage } from "./layout-images.ts";
import { toRecord } from "./to-record.ts";

export interface LayoutReference {
  /** Absolute path. */
  readonly directory: string;
  /** Value of the annotation `org.opencontainers.image.ref.name`. */
  readonly tag: string;
  /** Of a manifest or index; counts more than the tag. */
  readonly digest?: Digest;
}

/** An index in an index in an index; more is not made by any tool. */
const maxDepth = 3;

/** Takes one image out of an OCI layout directory: its blobs are copied into the content store where they are not there yet, each
 * verified. A layout with a single image gives that one, whatever its tag is.
 * @throws {ExporterError} `INVALID_ARCHIVE`; {OciError} for a document that does not parse; {ContentError} for a blob that is not
 * what its name says */
export async function readLayout(
  store: Store,
  reference: LayoutReference,
  { platform = hostPlatform(), signal }: { readonly platform?: Platform; readonly signal?: AbortSignal } = {},
): Promise<ImageRecord> {
  const layout = new Layout(reference.directory);
  const top = reference.digest ?? layout.findTag(reference.tag);
  const { descriptor, manifest } = layout.findManifest(top, platform);
  for (const blob of [descriptor, manifest.config, ...manifest.layers]) {
    signal?.throwIfAborted();
    await layout.copyBlob(store, blob);
  }
  return toRecord(new ArchivedBlobs(store), { descriptor, manifest, digest: top });
}

/** As `readLayout`, with all platforms that the layout holds.
 * @throws as `readLayout` */
export async function readWholeLayout(
  store: Store,
  reference: LayoutReference,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<StoredRecord> {
  const layout = new Layout(reference.directory);
  const top = await layout.copyTree(store, reference.digest ?? layout.findTag(reference.tag), {
    depth: 0,
    seen: new Set(),
    signal,
  });
  return readImage(new ArchivedBlobs(store), top);
}

interface CopyDescent {
  readonly depth: number;
  /** What was copied already. */
  readonly seen: Set<Digest>;
  readonly signal: AbortSignal | undefined;
}

class Layout {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  findTag(tag: string): Digest {
    const { manifests } = parseIndex(this.#read("index.json", nameListLimitBytes));
    const tagged = manifests.find(
      ({ annotations }) => annotations?.["org.opencontainers.image.ref.name"] === tag,
    );
    const found = tagged ?? (manifests.length === 1 ? manifests[0] : undefined);
    if (found) return found.digest;
    throw this.#unusable(`it has no image with tag "${tag}"`);
  }

  findManifest(top: Digest, platform: Platform) {
    let digest = top;
    for (let depth = 0; depth < maxDepth; depth++) {
      const bytes = this.#readDocument(digest);
      const document = parseManifestOrIndex(bytes);
      if (document.kind === "manifest") {
        const { manifest } = document;
        return { manifest, descriptor: { mediaType: manifest.mediaType, digest, size: bytes.length } };
      }
      const found = matchPlatform(document.index, platform);
      if (!found) throw this.#unusable(`image ${top} has no variant for ${formatPlatform(platform)}`);
      digest = found.digest;
    }
    throw this.#unusable(`image ${top} is an index within indexes without end`);
  }

  /** Copies a manifest or index with all that it names; of an index, what the layout has. */
  async copyTree(store: Store, digest: Digest, { depth, seen, signal }: CopyDescent): Promise<Descriptor> {
    signal?.throwIfAborted();
    if (depth >= maxDepth) throw this.#unusable(`image ${digest} is an index within indexes without end`);
    const bytes = this.#readDocument(digest);
    const document = parseManifestOrIndex(bytes);
    store.content.put(bytes);
    if (document.kind === "manifest") {
      const { config, layers, mediaType } = document.manifest;
      for (const blob of [config, ...layers]) await this.copyBlob(store, blob);
      return { mediaType, digest, size: bytes.length };
    }
    for (const each of document.index.manifests) {
      if (!isFirst(each, seen)) continue;
      // Without its statements an attestation is none; the image is one all the same.
      if (!isImageDescriptor(each) && !this.#isWhole(each.digest)) continue;
      if (this.#has(each.digest)) await this.copyTree(store, each.digest, { depth: depth + 1, seen, signal });
    }
    return { mediaType: document.index.mediaType, digest, size: bytes.length };
  }

  #isWhole(digest: Digest): boolean {
    if (!this.#has(digest)) return false;
    const document = parseManifestOrIndex(this.#readDocument(digest));
    if (document.kind === "index") return false;
    const { config, layers } = document.manifest;
    return [config, ...layers].every((blob) => this.#has(blob.digest));
  }

  #has(digest: Digest): boolean {
    return existsSync(path.join(this.#directory, blobPath(digest)));
  }

  async copyBlob(store: Store, { digest, size }: Descriptor): Promise<void> {
    if (store.content.touch(digest, size)) return;
    const stream = createReadStream("", { fd: this.#open(blobPath(digest)) });
    try {
      await store.content.ingest(stream, { digest, sizeBytes: size });
    } finally {
      stream.destroy(); // closes the file
    }
  }

  #readDocument(digest: Digest): Buffer {
    const bytes = this.#read(blobPath(digest));
    if (digestOf(bytes) === digest) return bytes;
    throw this.#unusable(`blob ${digest} has other bytes`);
  }

  #read(file: string, limitBytes = documentLimitBytes): Buffer {
    const fd = this.#open(file);
    try {
      const bytes = readDescriptor(fd, limitBytes);
      if (bytes) return bytes;
      throw this.#unusable(`"${file}" has more than ${limitBytes} bytes`);
    } finally {
      closeSync(fd);
    }
  }

  /** Without waiting for the other end, should it be a pipe. */
  #open(file: string): number {
    let fd: number;
    try {
      fd = openSync(path.join(this.#directory, file), constants.O_RDONLY | constants.O_NONBLOCK);
    } catch (error) {
      if (isErrno(error, "ENOENT", "ENOTDIR")) throw this.#unusable(`it has no file "${file}"`, error);
      throw error;
    }
    if (fstatSync(fd).isFile()) return fd;
    closeSync(fd);
    throw this.#unusable(`"${file}" is no file`);
  }

  #unusable(reason: string, cause?: unknown): ExporterError {
    return new ExporterError("INVALID_ARCHIVE", `Cannot use OCI layout "${this.#directory}": ${reason}`, {
      cause,
    });
  }
}
