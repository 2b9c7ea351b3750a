import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import type { ByteSink, EndingSink } from "./byte-sink.ts";
import { LayerError } from "./layer-error.ts";

/** A stream, or the two ends of a process, that turns bytes into other bytes. */
export interface ByteTransform {
  readonly input: Writable;
  readonly output: Readable;
  /** Settles when the transform itself says that all was well. */
  readonly finished: () => Promise<void>;
  readonly stop: () => void;
}

/** A transform stream as it is. */
export function streamTransform(stream: Writable & Readable): ByteTransform {
  return { input: stream, output: stream, finished: async () => {}, stop: () => stream.destroy() };
}

/** Runs a program as a filter. It is killed by `stop`; a failure is told in its own words. */
export function programTransform(program: string, args: readonly string[]): ByteTransform {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
  let complaint = "";
  child.stderr.on("data", (data: Buffer) => {
    complaint = (complaint + data.toString()).slice(0, 2000);
  });
  child.stdin.on("error", () => {}); // its exit code says more
  const ended = exitOf(child);
  ended.catch((error: Error) => child.stdout.destroy(error));
  return {
    input: child.stdin,
    output: child.stdout,
    finished: async () => {
      const exitCode = await ended;
      if (exitCode !== 0)
        throw new Error(complaint.trim() || `${program} ended with ${exitCode ?? "a signal"}`);
    },
    stop: () => child.kill("SIGKILL"),
  };
}

async function exitOf(child: ReturnType<typeof spawn>): Promise<number | null> {
  const [exitCode] = (await once(child, "close")) as [number | null]; // rejects when it cannot be started
  return exitCode;
}

/** Waits until the chunk is consumed, for its buffer is used again. False when the other side takes no more; it then says why. */
export function writeToStream(input: Writable, chunk: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    input.write(chunk, (error) => resolve(!error));
  });
}

/** Passes what is written through `transform` on to `sink`. */
export function transformSink(sink: ByteSink, transform: ByteTransform): EndingSink {
  const drained = drain(transform.output, sink);
  drained.catch(() => transform.stop()); // reported by the next call
  return {
    async write(chunk) {
      if (!(await writeToStream(transform.input, chunk))) await settle(transform, drained);
    },
    async end(): Promise<undefined> {
      transform.input.end();
      await settle(transform, drained);
    },
    stop: transform.stop,
  };
}

async function drain(output: Readable, sink: ByteSink): Promise<void> {
  let isWriting = false;
  try {
    for await (const chunk of output) {
      isWriting = true;
      await sink.write(chunk as Buffer);
      isWriting = false;
    }
  } catch (error) {
    throw isWriting ? error : failed(error);
  }
}

async function settle(transform: ByteTransform, drained: Promise<void>): Promise<void> {
  await drained;
  try {
    await transform.finished();
  } catch (error) {
    throw failed(error);
  }
}

function failed(cause: unknown): LayerError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new LayerError("COMPRESSION_FAILED", `Cannot compress: ${reason}`, { cause });
}
