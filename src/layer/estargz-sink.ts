import { createHash } from "node:crypto";
import { digestOf, estargzAnnotations, parseDiffID } from "../oci/index.ts";
import type { ByteSink, EndingSink, ExtendedTar } from "./byte-sink.ts";
import { EstargzEntries, tocName } from "./estargz-entries.ts";
import { ParallelGzip } from "./parallel-gzip.ts";
import { plainEntry, tarPadding } from "./tar-entry.ts";
import { TarReader } from "./tar-reader.ts";
import { encodeTarHeader, tarEndBytes } from "./tar-writer.ts";

const [tocDigest, uncompressedSize] = estargzAnnotations;

/** Turns a layer's tar into an eStargz blob, as BuildKit does: each 4 MiB of a file begin a gzip member, and behind the tar, whose bytes
 * stay what they are, stands a second one with the table of contents. What reads tars ignores it, but it counts for the diffID.
 * https://github.com/containerd/stargz-snapshotter/blob/main/docs/estargz.md */
export class EstargzSink implements EndingSink {
  readonly #sink: ByteSink;
  readonly #gzip: ParallelGzip;
  readonly #entries = new EstargzEntries();
  readonly #reader = new TarReader(this.#entries);
  readonly #hash = createHash("sha256");
  #tarSizeBytes = 0;

  constructor(sink: ByteSink, level?: number) {
    this.#sink = sink;
    this.#gzip = new ParallelGzip(sink, level);
  }

  /** @throws {LayerError} for what the format cannot say, and as `TarReader.push` */
  async write(chunk: Buffer): Promise<void> {
    this.#reader.push(chunk);
    let at = 0;
    for (const cut of this.#entries.takeCuts(chunk)) {
      await this.#append(chunk.subarray(at, cut));
      await this.#gzip.endMember();
      at = cut;
    }
    await this.#append(chunk.subarray(at));
  }

  async end(): Promise<ExtendedTar> {
    this.#reader.end();
    await this.#gzip.end();
    const toc = Buffer.from(this.#entries.toJson(this.#gzip.memberOffsets));
    const tocMember = this.#gzip.memberOffsets.length;
    await this.#append(tocTar(toc));
    await this.#gzip.end();
    await this.#sink.write(footer(this.#gzip.memberOffsets[tocMember]!));
    return {
      diffID: parseDiffID(`sha256:${this.#hash.digest("hex")}`),
      annotations: { [tocDigest]: digestOf(toc), [uncompressedSize]: String(this.#tarSizeBytes) },
    };
  }

  stop(): void {
    this.#gzip.stop();
  }

  async #append(bytes: Buffer): Promise<void> {
    this.#hash.update(bytes);
    this.#tarSizeBytes += bytes.length;
    await this.#gzip.write(bytes);
  }
}

function tocTar(toc: Buffer): Buffer {
  const header = encodeTarHeader(plainEntry({ path: tocName, type: "file", mode: 0, sizeBytes: toc.length }));
  return Buffer.concat([header, toc, Buffer.alloc(tarPadding(toc.length) + tarEndBytes)]);
}

/** An empty gzip member of 51 bytes, whose extra field says where the table of contents begins. */
function footer(tocOffset: number): Buffer {
  const extra = `${tocOffset.toString(16).padStart(16, "0")}STARGZ`;
  return Buffer.concat([
    Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff]),
    Buffer.from([4 + extra.length, 0, 0x53, 0x47, extra.length, 0]),
    Buffer.from(extra),
    Buffer.from([1, 0, 0, 0xff, 0xff]), // one stored block of no bytes
    Buffer.alloc(8),
  ]);
}
