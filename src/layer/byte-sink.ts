import { writeSync } from "node:fs";

/** Where bytes go, in order. A chunk is only valid until `write` returns or its promise settles. */
export interface ByteSink {
  write(chunk: Buffer): void | Promise<void>;
}

/** A sink that has something left to write at the end. */
export interface EndingSink extends ByteSink {
  /** Writes the rest; nothing may be written afterwards. */
  end(): Promise<void>;
  /** Frees what it holds when `end` is not reached. */
  stop(): void;
}

/** Writes to an open descriptor at its position. */
export function descriptorSink(fd: number): ByteSink {
  return {
    write(chunk) {
      for (let at = 0; at < chunk.length; ) at += writeSync(fd, chunk, at);
    },
  };
}
