import { promisify } from "node:util";
import { constants, crc32, deflateRaw, type ZlibOptions } from "node:zlib";
import type { ByteSink, EndingSink } from "./byte-sink.ts";

const blockBytes = 512 * 1024;
/** The window of deflate: what a block may refer back to. */
const dictionaryBytes = 32 * 1024;
/** As many as Node's thread pool has by default, and one to be filled meanwhile. */
const blockLimit = 5;
/** No name, no time, unknown system: as Go writes it. */
const header = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);

interface Running {
  readonly block: Buffer;
  readonly compressed: Promise<Buffer>;
  readonly isMemberStart: boolean;
  /** After a member's last block. */
  readonly trailer: Buffer | undefined;
}

/** Compresses to one gzip member, or several, on the thread pool, as pigz does: blocks of a fixed size, each with the end of the one before as its
 * dictionary, flushed to a byte boundary. So the bytes are the same for any number of cores. Memory is bounded. */
export class ParallelGzip implements EndingSink {
  readonly #sink: ByteSink;
  readonly #level: number;
  readonly #free: Buffer[] = [];
  /** Blocks being compressed, oldest first. */
  readonly #running: Running[] = [];
  #block: Buffer = Buffer.allocUnsafeSlow(blockBytes);
  #used = 0;
  #dictionary: Buffer | undefined;
  #crc = 0;
  #totalBytes = 0;
  #isMemberStart = true;
  #writtenBytes = 0;
  readonly #memberOffsets: number[] = [];

  constructor(sink: ByteSink, level = 6) {
    this.#sink = sink;
    this.#level = level;
  }

  async write(chunk: Buffer): Promise<void> {
    this.#crc = crc32(chunk, this.#crc);
    this.#totalBytes += chunk.length;
    for (let at = 0; at < chunk.length; ) {
      const copied = chunk.copy(this.#block, this.#used, at);
      this.#used += copied;
      at += copied;
      if (this.#used === blockBytes) await this.#start(constants.Z_SYNC_FLUSH);
    }
  }

  /** Where each member begins in what was written; of all of them after `end`. */
  get memberOffsets(): readonly number[] {
    return this.#memberOffsets;
  }

  /** Ends the member: what is written next begins another. */
  async endMember(): Promise<void> {
    const trailer = Buffer.alloc(8);
    trailer.writeUInt32LE(this.#crc, 0);
    trailer.writeUInt32LE(this.#totalBytes % 2 ** 32, 4);
    await this.#start(constants.Z_FINISH, trailer);
    this.#crc = 0;
    this.#totalBytes = 0;
    this.#dictionary = undefined;
  }

  /** Ends the last member and writes all; another may follow nevertheless. */
  async end(): Promise<undefined> {
    await this.endMember();
    while (this.#running.length > 0) await this.#finishOldest();
  }

  stop(): void {
    for (const { compressed } of this.#running) compressed.catch(() => {});
    this.#running.length = 0;
  }

  /** Compresses the block that was filled, and waits only when too many are on their way. */
  async #start(finishFlush: number, trailer?: Buffer): Promise<void> {
    const block = this.#block;
    const compressed = promisify<Buffer, ZlibOptions, Buffer>(deflateRaw)(block.subarray(0, this.#used), {
      level: this.#level,
      finishFlush,
      chunkSize: blockBytes / 4,
      ...(this.#dictionary ? { dictionary: this.#dictionary } : {}),
    });
    compressed.catch(() => {}); // reported when its turn comes
    this.#running.push({ block, compressed, isMemberStart: this.#isMemberStart, trailer });
    this.#isMemberStart = trailer !== undefined;
    this.#dictionary = Buffer.from(block.subarray(Math.max(0, this.#used - dictionaryBytes), this.#used));
    this.#used = 0;
    if (this.#running.length >= blockLimit) await this.#finishOldest();
    this.#block = this.#free.pop() ?? Buffer.allocUnsafeSlow(blockBytes);
  }

  async #finishOldest(): Promise<void> {
    const { block, compressed, isMemberStart, trailer } = this.#running.shift()!;
    const bytes = await compressed;
    this.#free.push(block);
    if (isMemberStart) {
      this.#memberOffsets.push(this.#writtenBytes);
      await this.#pass(header);
    }
    await this.#pass(bytes);
    if (trailer) await this.#pass(trailer);
  }

  async #pass(bytes: Buffer): Promise<void> {
    this.#writtenBytes += bytes.length;
    await this.#sink.write(bytes);
  }
}
