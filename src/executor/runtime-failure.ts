import { printable } from "../errors/index.ts";
import { ExecutorError } from "./executor-error.ts";

/** What the runtime's log (JSON lines of crun or runc) says went wrong; undefined when it logged no error, so that the exit code
 * is the process's own. */
export function runtimeFailure(log: string, spec: object): ExecutorError | undefined {
  const message = log.split("\n").flatMap(errorMessage).at(-1);
  if (message === undefined) return undefined;
  const command = JSON.stringify(firstArgument(spec));
  if (
    /executable file .* not found in \$PATH|executable file not found|exec.*no such file or directory/i.test(
      message,
    )
  ) {
    return new ExecutorError("COMMAND_NOT_FOUND", `Cannot run ${command}: executable file not found`, {
      cause: new Error(printable(message)),
    });
  }
  if (/exec.*(permission denied|format error)|open executable/i.test(message)) {
    const reason = /format error/i.test(message) ? "exec format error" : "permission denied";
    return new ExecutorError("COMMAND_NOT_EXECUTABLE", `Cannot run ${command}: ${reason}`, {
      cause: new Error(printable(message)),
    });
  }
  return new ExecutorError("RUNTIME_FAILED", `Cannot run ${command}: ${printable(message)}`);
}

function errorMessage(line: string): string[] {
  if (!line.startsWith("{")) return [];
  try {
    const entry = JSON.parse(line) as { level?: unknown; msg?: unknown };
    const isError = entry.level === "error" || entry.level === "fatal";
    return isError && typeof entry.msg === "string" ? [entry.msg] : [];
  } catch {
    return []; // a line cut short by a runtime that was killed
  }
}

function firstArgument(spec: object): string {
  const { process } = spec as { process?: { args?: readonly string[] } };
  return process?.args?.[0] ?? "";
}
