import path from "node:path";
import {
  type BlobWriter,
  type ContentStore,
  type ExpectedBlob,
  type FinishedBlob,
  manyFiles,
} from "../content/index.ts";
import { type TarEntry, type TarHandler } from "../layer/index.ts";
import { ExporterError } from "./exporter-error.ts";
import { blobPath } from "./image-files.ts";

/** Far above what archives of images hold; each entry costs some memory. */
const maxEntries = 100_000;
const maxLinks = 20;

/** Puts every file of an archive into the content store under its digest, in one pass: archives name their files only at their
 * end. What no image turns out to need is left to a prune. */
export class ArchiveReader implements TarHandler {
  readonly #content: ContentStore;
  readonly #files = new Map<string, ExpectedBlob>();
  /** Paths of old docker archives that stand for another one's file. */
  readonly #links = new Map<string, string>();
  /** In the store when all was read. */
  readonly #finished: FinishedBlob[] = [];
  #entries = 0;
  #current: { path: string; writer: BlobWriter } | undefined;

  constructor(content: ContentStore) {
    this.#content = content;
  }

  /** The file at a path of the archive, links followed. Its bytes are in the content store after `end`. */
  find(file: string): ExpectedBlob | undefined {
    let found = normalise(file);
    for (let links = 0; links < maxLinks; links++) {
      const target = this.#links.get(found);
      if (target === undefined) return this.#files.get(found);
      found = target;
    }
    return undefined;
  }

  entry(entry: TarEntry): void {
    if (++this.#entries > maxEntries) {
      throw new ExporterError(
        "LIMIT_EXCEEDED",
        `Cannot load archive: it has more than ${maxEntries} entries`,
      );
    }
    const file = normalise(entry.path);
    if (entry.type === "symlink")
      this.#links.set(file, normalise(path.posix.join(path.posix.dirname(file), entry.linkPath)));
    else if (entry.type === "hardlink") this.#links.set(file, normalise(entry.linkPath));
    else if (entry.type === "file") this.#start(file, entry);
  }

  data(chunk: Buffer): void {
    this.#current?.writer.write(chunk);
  }

  /** @throws {ExporterError} `INVALID_ARCHIVE` for a blob that is not what its name says */
  entryEnd(): void {
    if (!this.#current) return;
    const { path: file, writer } = this.#current;
    const blob = this.#files.size < manyFiles ? writer.commit() : this.#finish(writer);
    this.#current = undefined;
    if (file.startsWith("blobs/") && file !== blobPath(blob.digest)) {
      throw new ExporterError(
        "INVALID_ARCHIVE",
        `Cannot load archive: ${JSON.stringify(file)} has digest ${blob.digest}`,
      );
    }
    this.#links.delete(file);
    this.#files.set(file, blob);
  }

  /** Brings what was read onto the disk, and into the store. */
  end(): void {
    this.#content.placeAll(this.#finished);
  }

  /** Throws away what is not in the store yet. */
  abort(): void {
    for (const blob of this.#finished) blob.abort();
    this.#current?.writer.abort();
    this.#current = undefined;
  }

  #finish(writer: BlobWriter): FinishedBlob {
    const blob = writer.finish();
    this.#finished.push(blob);
    return blob;
  }

  #start(file: string, entry: TarEntry): void {
    if (entry.isSparse) {
      throw new ExporterError(
        "INVALID_ARCHIVE",
        `Cannot load archive: ${JSON.stringify(file)} is sparse, which no image archive needs`,
      );
    }
    this.#current = { path: file, writer: this.#content.createWriter() };
  }
}

/** Only a key: no file system sees it. */
function normalise(file: string): string {
  return path.posix.normalize(`/${file}`).slice(1);
}
