import type { CliIo } from "./cli-io.ts";
import { exitCodeOf, exitCodes } from "./exit-code.ts";
import { InterruptedError } from "./interrupt.ts";
import { errorText } from "./report-error.ts";

/** Reports that a command could not be run. Docker's codes: 125 for us, so that the command's own ones stay apart, 126 and 127 for
 * a command that cannot be started. */
export function reportRunFailure(
  error: unknown,
  { io, debug }: { readonly io: CliIo; readonly debug: boolean },
): void {
  io.stderr.write(errorText(error, { debug }));
  io.exitCode = runExitCode(error);
}

function runExitCode(error: unknown): number {
  if (error instanceof InterruptedError) return exitCodeOf(error);
  const code = (error as { code?: unknown }).code;
  if (code === "COMMAND_NOT_FOUND") return 127;
  return cannotExecute.has(code) ? 126 : exitCodes.runFailed;
}

const cannotExecute = new Set<unknown>(["COMMAND_NOT_EXECUTABLE", "EMULATOR_MISSING"]);
