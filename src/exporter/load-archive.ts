import type { Store } from "../content/index.ts";
import { ImageStore, isIndex, type RecordId, type StoredRecord } from "../image/index.ts";
import { readUncompressed, type TarSource, TarReader } from "../layer/index.ts";
import type { Digest } from "../oci/index.ts";
import { ArchiveReader } from "./archive-reader.ts";
import { readDockerImages } from "./docker-images.ts";
import { ExporterError } from "./exporter-error.ts";
import { readLayoutImages } from "./layout-images.ts";
import type { ArchivedImage } from "./to-record.ts";

export interface LoadedImage {
  readonly recordId: RecordId;
  /** Digest of the image's config, or of its index. */
  readonly id: Digest;
  readonly names: readonly string[];
}

/** Takes the images of an archive into the store under the names that it gives them: an OCI layout or what `docker save` writes,
 * old or new, as tar, compressed or not. A name with another digest than the image's is left out. Every file is stored under the digest that it really has; layers are unpacked, and
 * verified against their diffIDs, when a step needs them. Of an image for several platforms those are taken that the archive holds.
 * Nothing gets a name unless the whole archive was read.
 * @throws {ExporterError} `INVALID_ARCHIVE` | `LIMIT_EXCEEDED`
 * @throws {OciError} for a manifest or config that does not parse
 * @throws {LayerError} for what is no tar; {ContentError} `NO_SPACE`; the signal's reason */
export async function loadArchive(
  store: Store,
  source: TarSource,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<readonly LoadedImage[]> {
  const archived = await readArchive(store, source, { ...(signal && { signal }) });
  const images = new ImageStore(store);
  const ids = images.putRecords(archived.map(({ record }) => record));
  const loaded = archived.map(({ record, names }, index) => {
    return { recordId: ids[index]!, id: idOf(record), names };
  });
  images.setNames(new Map(loaded.flatMap(({ recordId, names }) => names.map((name) => [name, recordId]))));
  return loaded;
}

/** As `loadArchive`, and gives no image a name: its blobs stay until a prune.
 * @throws as `loadArchive` */
export async function readArchive(
  store: Store,
  source: TarSource,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<readonly ArchivedImage[]> {
  return readImages(store, await readFiles(store, source, signal));
}

function idOf(record: StoredRecord): Digest {
  return isIndex(record) ? record.origin!.digest : record.origin!.config.digest;
}

async function readFiles(store: Store, source: TarSource, signal?: AbortSignal): Promise<ArchiveReader> {
  const files = new ArchiveReader(store.content);
  const tar = new TarReader(files);
  try {
    for await (const chunk of readUncompressed(source)) {
      signal?.throwIfAborted();
      tar.push(chunk);
    }
    tar.end();
    files.end();
    return files;
  } catch (error) {
    files.abort();
    throw error;
  }
}

/** New archives of docker hold both forms; the layout keeps the manifests' own bytes, but may lack what old tools put beside. */
function readImages(store: Store, files: ArchiveReader): readonly ArchivedImage[] {
  const layout = files.find("oci-layout") && files.find("index.json");
  if (layout) return readLayoutImages(store, layout);
  const manifest = files.find("manifest.json");
  if (manifest) return readDockerImages(store, files, manifest);
  throw new ExporterError(
    "INVALID_ARCHIVE",
    'Cannot load archive: it has neither an "index.json" with "oci-layout" nor a "manifest.json"',
    { hint: "for a tar of a root file system use `slipway import`" },
  );
}
