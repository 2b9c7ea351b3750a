import { writeSync } from "node:fs";
import { packageVersion } from "../util/index.ts";
import type { CliIo } from "./cli-io.ts";
import { standardStream } from "./output/standard-stream.ts";

/** Node's streams that were asked for. */
const streams = [watch("stdout"), watch("stderr")];

void main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<void> {
  if (args[0] === "--version" || args[0] === "-v" || (args[0] === "version" && args.length === 1)) {
    process.stdout.write(`slipway ${packageVersion()}\n`);
    return;
  }
  const cwd = workingDirectory();
  if (cwd === undefined) return;
  takeBackCertificates(process.env);
  const { runCli } = await import("./run-cli.ts");
  const io: CliIo = {
    // made when it is first read: most commands never do
    get stdin() {
      return process.stdin;
    },
    stdout: standardStream(1, { nodeStream: () => process.stdout, onError: endUnheard }),
    stderr: standardStream(2, { nodeStream: () => process.stderr, onError: endUnheard }),
    env: process.env,
    cwd,
    exitCode: 0,
  };
  process.exitCode = await runCli(args, io);
  setImmediate(() => endAtOnce(io)); // not before the last write has told that nobody reads it
}

function workingDirectory(): string | undefined {
  try {
    return process.cwd();
  } catch {
    process.stderr.write(
      "ERROR: Cannot run: the working directory is gone, or may not be read\nhint: cd to another one\n",
    );
    process.exitCode = 4; // as in exit-code.ts, which need not be loaded for it
    return undefined;
  }
}

/** Node's ordinary end first takes the heap apart: 5 ms, and more after a large context. */
function endAtOnce({ isInterrupted }: CliIo): void {
  if (isInterrupted || streams.every((made) => (made()?.writableLength ?? 0) === 0)) process.exit();
}

/** Node makes these streams when they are first read; whoever does so, a pipe that its reader closed (`slipway images | head -1`) ends the
 * command quietly, as a signal would.
 * @returns what tells the stream, once it is made */
function watch(name: "stdout" | "stderr"): () => NodeJS.WriteStream | undefined {
  let made: NodeJS.WriteStream | undefined;
  const property = Object.getOwnPropertyDescriptor(process, name)!;
  const make = () => property.get!.call(process) as NodeJS.WriteStream;
  const get = () => (made ??= make().on("error", endUnheard));
  Object.defineProperty(process, name, { configurable: true, enumerable: true, get });
  return () => made;
}

/** Nobody hears what is said: there is nothing left to do. Standard error is the last place to say why. */
function endUnheard(error: NodeJS.ErrnoException): never {
  if (error.code === "EPIPE") process.exit(141);
  const text = `ERROR: Cannot write the output: ${error.message.replace(/^\w+: |, write$/g, "")}\n`;
  try {
    writeSync(2, text);
  } catch {
    // it is standard error that cannot be written
  }
  process.exit(error.code === "ENOSPC" ? 9 : 1); // as in exit-code.ts, which a version need not load
}

/** `bin/slipway` hides them from Node's start. */
function takeBackCertificates(env: NodeJS.ProcessEnv): void {
  const file = env["SLIPWAY_NODE_EXTRA_CA_CERTS"];
  if (file === undefined) return;
  env["NODE_EXTRA_CA_CERTS"] = file;
  delete env["SLIPWAY_NODE_EXTRA_CA_CERTS"];
}
