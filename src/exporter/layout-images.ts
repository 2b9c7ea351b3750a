import type { ExpectedBlob, Store } from "../content/index.ts";
import { documentLimitBytes } from "../image/index.ts";
import {
  type Descriptor,
  formatPlatform,
  hostPlatform,
  matchPlatform,
  parseIndex,
  parseManifestOrIndex,
} from "../oci/index.ts";
import {
  type ArchivedImage,
  invalid,
  type ManifestOfImage,
  normaliseName,
  readBlob,
  toRecord,
} from "./to-record.ts";

/** An index in an index in an index; more is not made by any tool. */
const maxDepth = 3;

/** The images of an OCI layout.
 * @param index its `index.json`, in the content store
 * @throws {ExporterError} `INVALID_ARCHIVE`; {OciError} */
export function readLayoutImages(store: Store, index: ExpectedBlob): readonly ArchivedImage[] {
  const { manifests } = parseIndex(store.content.read(index.digest, documentLimitBytes));
  const names = new Map<Descriptor["digest"], { descriptor: Descriptor; names: Set<string> }>();
  for (const descriptor of manifests) {
    const image = names.get(descriptor.digest) ?? { descriptor, names: new Set() };
    names.set(descriptor.digest, image);
    const name = nameOf(descriptor);
    if (name !== undefined) image.names.add(name);
  }
  return [...names.values()].map((image) => ({
    record: toRecord(store, resolve(store, image.descriptor)),
    names: [...image.names],
  }));
}

/** containerd's annotation is a whole name; the specification's is one with some tools, and only a tag with others. */
function nameOf({ annotations }: Descriptor): string | undefined {
  const name = annotations?.["io.containerd.image.name"];
  if (name !== undefined) return normaliseName(name);
  const reference = annotations?.["org.opencontainers.image.ref.name"];
  return reference !== undefined && /[:/]/.test(reference) ? normaliseName(reference) : undefined;
}

function resolve(store: Store, top: Descriptor): ManifestOfImage {
  let descriptor = top;
  for (let depth = 0; depth < maxDepth; depth++) {
    const document = parseManifestOrIndex(readBlob(store, descriptor), descriptor.mediaType);
    if (document.kind === "manifest") return { descriptor, manifest: document.manifest, digest: top.digest };
    const found = matchPlatform(document.index, hostPlatform());
    if (!found) throw invalid(`image ${top.digest} has no variant for ${formatPlatform(hostPlatform())}`);
    descriptor = found;
  }
  throw invalid(`image ${top.digest} is an index within indexes without end`);
}
