import { printable } from "../errors/index.ts";
import { ExecutorError } from "./executor-error.ts";

/** What the runtime's log (JSON lines of crun or runc) says went wrong; undefined when it logged no error, so that the exit code
 * is the process's own. */
export function runtimeFailure(log: string, spec: object): ExecutorError | undefined {
  const message = log.split("\n").flatMap(errorMessage).at(-1);
  if (message === undefined) return undefined;
  const program = firstArgument(spec);
  const cause = new Error(printable(message));
  const found = COMMAND_FAILURES.find(({ pattern }) => pattern.test(message));
  if (!found) {
    return new ExecutorError(
      "RUNTIME_FAILED",
      `Cannot run ${JSON.stringify(program)}: ${printable(message)}`,
    );
  }
  if (found === NOT_FOUND) return commandNotFound(program, cause);
  return failure(program, found, cause);
}

/** There is no such program in the container. crun speaks of $PATH even where it was not searched. */
export function commandNotFound(program: string, cause?: unknown): ExecutorError {
  return failure(program, program.includes("/") ? NOT_FOUND : NOT_IN_PATH, cause);
}

/** In runc's words. */
function failure(program: string, { code, reason, hint }: CommandFailure, cause: unknown): ExecutorError {
  return new ExecutorError(code, `exec: ${JSON.stringify(program)}: ${reason}`, { cause, hint });
}

interface CommandFailure {
  readonly code: "COMMAND_NOT_FOUND" | "COMMAND_NOT_EXECUTABLE";
  readonly reason: string;
  readonly hint?: string;
}

const NOT_IN_PATH: CommandFailure = {
  code: "COMMAND_NOT_FOUND",
  reason: "executable file not found in $PATH",
};

const NOT_FOUND: CommandFailure & { readonly pattern: RegExp } = {
  pattern: /exec\w*[ :].*(?:no such file or directory|not found)/i,
  code: "COMMAND_NOT_FOUND",
  reason: "no such file or directory",
  hint: "the image lacks the file, or the interpreter that its first line names",
};

const COMMAND_FAILURES: readonly (CommandFailure & { readonly pattern: RegExp })[] = [
  NOT_FOUND,
  {
    pattern: /exec\w*[ :].*permission denied|open executable/i,
    code: "COMMAND_NOT_EXECUTABLE",
    reason: "permission denied",
  },
  {
    pattern: /exec\w*[ :].*format error/i,
    code: "COMMAND_NOT_EXECUTABLE",
    reason: "exec format error",
    hint: "is it made for another architecture?",
  },
];

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
