import { CodedError } from "../errors/index.ts";
import { signalNumber } from "../util/index.ts";

/** The user, or the system, asked the command to stop. */
export class InterruptedError extends CodedError<"STOPPED"> {
  readonly signal: NodeJS.Signals;

  constructor(signal: NodeJS.Signals) {
    super("STOPPED", "Interrupted");
    this.signal = signal;
  }
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Runs `work` with a signal that aborts on the first Ctrl-C, SIGTERM or SIGHUP; `work` then cleans up and rejects. The second one
 * ends the process at once. */
export async function withInterrupt<Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const controller = new AbortController();
  const onSignal = (signal: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(128 + signalNumber(signal));
    controller.abort(new InterruptedError(signal));
  };
  for (const signal of signals) process.on(signal, onSignal);
  try {
    const result = await work(controller.signal);
    controller.signal.throwIfAborted();
    return result;
  } catch (error) {
    // Whatever the abort made fail, the interruption is what happened.
    if (controller.signal.aborted) throw controller.signal.reason;
    throw error;
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
  }
}
