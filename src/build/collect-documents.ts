import { type Descriptor, formatReference, type ImageReference, parseManifestOrIndex } from "../oci/index.ts";
import type { RegistryClient, RemoteDocument } from "../registry/index.ts";
import { BuildError } from "./build-error.ts";

/** An index in an index in an index; more is not made by any tool. */
const maxDepth = 3;
/** Far above the platforms and attestations of any image. */
const maxDocuments = 1000;
/** Of all of them together. */
const maxBytes = 64 << 20;

/** What a reference points to, and all that it names. */
export interface DocumentTree {
  readonly top: RemoteDocument;
  /** Manifests before the indexes that name them. */
  readonly below: readonly RemoteDocument[];
  readonly blobs: readonly Descriptor[];
}

/** Fetches a manifest, or an index and its manifests.
 * @throws {BuildError} `BAD_IMAGE` when there is no end of them; {RegistryError} */
export async function collectDocuments(
  registry: Pick<RegistryClient, "resolveManifest">,
  source: ImageReference,
): Promise<DocumentTree> {
  return await collect({ registry, source, documents: 1, bytes: 0 }, source, 0);
}

interface Collection {
  readonly registry: Pick<RegistryClient, "resolveManifest">;
  readonly source: ImageReference;
  /** Known so far, fetched or not. */
  documents: number;
  bytes: number;
}

async function collect(
  collection: Collection,
  reference: ImageReference,
  depth: number,
): Promise<DocumentTree> {
  const top = await collection.registry.resolveManifest(reference);
  collection.bytes += top.bytes.length;
  if (collection.bytes > maxBytes)
    throw endless(collection, `its manifests have more than ${maxBytes} bytes`);
  const document = parseManifestOrIndex(top.bytes, top.descriptor.mediaType);
  if (document.kind === "manifest") {
    const { config, layers } = document.manifest;
    return { top, below: [], blobs: [config, ...layers] };
  }
  if (depth >= maxDepth) throw endless(collection, "it is an index within indexes without end");
  const { manifests } = document.index;
  collection.documents += manifests.length;
  if (collection.documents > maxDocuments)
    throw endless(collection, `it has more than ${maxDocuments} manifests`);
  const trees = await Promise.all(
    manifests.map(({ digest }) => collect(collection, { ...reference, digest }, depth + 1)),
  );
  return {
    top,
    below: trees.flatMap((tree) => [...tree.below, tree.top]),
    blobs: trees.flatMap(({ blobs }) => blobs),
  };
}

function endless({ source }: Collection, reason: string): BuildError {
  return new BuildError("BAD_IMAGE", `Cannot copy ${formatReference(source)}: ${reason}`);
}
