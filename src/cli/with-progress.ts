import { createRenderer, type EmitEvent, quietUntilWork, wantsColours } from "../progress/index.ts";
import type { CliIo } from "./cli-io.ts";
import { type ProgressFlags, progressMode } from "./flags/progress-mode.ts";
import { withInterrupt } from "./interrupt.ts";

export interface Work {
  readonly emit: EmitEvent;
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Does work whose progress is drawn on standard error and which Ctrl-C ends.
 * @param options.isMeans the work only prepares something else: nothing is drawn while everything is found in the store */
export async function withProgress<Result>(
  flags: ProgressFlags,
  io: CliIo,
  work: (work: Work) => Promise<Result>,
  options: { readonly isMeans?: boolean } = {},
): Promise<Result> {
  const colours = wantsColours(io.stderr, io.env);
  const mode = progressMode(flags, io.env);
  const shown = await createRenderer(mode, { stream: io.stderr, colours, env: io.env });
  const renderer = options.isMeans ? quietUntilWork(shown) : shown;
  const emit: EmitEvent = (event) => renderer.handle(event);
  try {
    return await withInterrupt((signal) => work({ emit, signal }));
  } finally {
    renderer.close();
  }
}
