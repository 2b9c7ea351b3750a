import type { Store } from "../content/index.ts";
import { documentLimitBytes } from "../image/index.ts";
import type { Descriptor, Digest } from "../oci/index.ts";
import { ExporterError, invalid } from "./exporter-error.ts";

/** Far above what thousands of images have. */
const allDocumentsLimitBytes = 256 << 20;
/** Even an empty document has to be opened. */
const leastDocumentBytes = 4096;

/** What the images of one archive or layout are made of, in the content store. All that is read of it together has a limit: a few indexes
 * that name each other over and over would take hours, and many images with one large config all memory. */
export class ArchivedBlobs {
  readonly #content: Store["content"];
  /** Digests and sizes. */
  readonly #touched = new Set<string>();
  #readBytes = 0;

  constructor({ content }: Pick<Store, "content">) {
    this.#content = content;
  }

  /** Is the blob there, with this size when one is given? */
  has(digest: Digest, size?: number): boolean {
    return this.#content.has(digest, size);
  }

  /** Marks the blob as used now.
   * @throws {ExporterError} `INVALID_ARCHIVE` when it is not there, or has another size */
  require({ digest, size }: Descriptor): void {
    const key = `${digest} ${size}`;
    if (this.#touched.has(key)) return;
    if (!this.#content.has(digest)) throw invalid(`it lacks blob ${digest}`);
    if (!this.#content.touch(digest, size))
      throw invalid(`blob ${digest} has not the ${size} bytes that it should have`);
    this.#touched.add(key);
  }

  /** The bytes of a manifest, index or config.
   * @throws {ExporterError} `INVALID_ARCHIVE` as `require` | `LIMIT_EXCEEDED`; {ContentError} */
  read(blob: Descriptor): Buffer {
    this.require(blob);
    this.#readBytes += Math.max(blob.size, leastDocumentBytes);
    if (this.#readBytes > allDocumentsLimitBytes) {
      throw new ExporterError(
        "LIMIT_EXCEEDED",
        `Cannot load archive: its manifests and configs have more than ${allDocumentsLimitBytes >> 20} MiB, each counted as often as it is named`,
      );
    }
    return this.#content.read(blob.digest, documentLimitBytes);
  }
}
