import type { Readable } from "node:stream";

/** The world as a command sees it; tests lend another one. */
export interface CliIo {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** What the process ends with, when nothing fails. */
  exitCode: number;
  /** The user asked the command to stop: nobody waits for readers of its output any more. */
  isInterrupted?: boolean;
}

export interface OutputStream {
  write(text: string | Uint8Array): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}
