import { writeSync } from "node:fs";
import type { DiffID } from "../oci/index.ts";

/** Where bytes go, in order. A chunk is only valid until `write` returns or its promise settles. */
export interface ByteSink {
  write(chunk: Buffer): void | Promise<void>;
}

/** A sink that has something left to write at the end. */
export interface EndingSink extends ByteSink {
  /** Writes the rest; nothing may be written afterwards.
   * @returns what is in the blob, if that is more than what was written */
  end(): Promise<ExtendedTar | undefined>;
  /** Frees what it holds when `end` is not reached. */
  stop(): void;
}

/** A layer's tar to which the blob's form adds something. */
export interface ExtendedTar {
  /** Of all the blob's uncompressed bytes. */
  readonly diffID: DiffID;
  /** Of the blob's descriptor. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** Writes to an open descriptor at its position. */
export function descriptorSink(fd: number): ByteSink {
  return {
    write(chunk) {
      for (let at = 0; at < chunk.length; ) at += writeSync(fd, chunk, at);
    },
  };
}
