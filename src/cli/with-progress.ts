import {
  createRenderer,
  type EmitEvent,
  quietAtFirst,
  quietUntilWork,
  reportStep,
  wantsColours,
} from "../progress/index.ts";
import type { CliIo } from "./cli-io.ts";
import { type ProgressFlags, progressMode } from "./flags/progress-mode.ts";
import { withInterrupt } from "./interrupt.ts";

export interface Work {
  readonly emit: EmitEvent;
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
}

export interface ProgressOptions {
  /** What is done, for the head of a terminal's lines; default `Building`. */
  readonly title?: string;
  /** The work only prepares something else: nothing is drawn while everything is found in the store. */
  readonly isMeans?: boolean;
  /** The work mostly takes no time: nothing is drawn for a second. */
  readonly isShort?: boolean;
}

/** Does work whose progress is drawn on standard error and which Ctrl-C ends. */
export async function withProgress<Result>(
  flags: ProgressFlags,
  io: CliIo,
  work: (work: Work) => Promise<Result>,
  options: ProgressOptions = {},
): Promise<Result> {
  const colours = wantsColours(io.stderr, io.env);
  const mode = progressMode(flags, io.env);
  const { title, isMeans, isShort } = options;
  const shown = await createRenderer(mode, {
    stream: io.stderr,
    colours,
    env: io.env,
    ...(title && { title }),
  });
  const renderer = isMeans ? quietUntilWork(shown) : isShort ? quietAtFirst(shown) : shown;
  const emit: EmitEvent = (event) => renderer.handle(event);
  try {
    return await withInterrupt((signal) => work({ emit, signal }));
  } finally {
    renderer.close();
  }
}

/** Does work of a command that tells nothing but its result: a terminal is told what takes so long once it has taken a second, others never.
 * @param name of the work, as a step of its own */
export async function withPatience<Result>(
  name: string,
  io: CliIo,
  work: (work: Work) => Promise<Result>,
): Promise<Result> {
  const step = { id: `internal:${name}`, name };
  return await withProgress(
    { quiet: !io.stderr.isTTY },
    io,
    ({ emit, signal }) => reportStep(emit, step, () => work({ emit, signal })),
    { title: "Working", isShort: true },
  );
}
