import { UsageError } from "../usage-error.ts";

export type RunSubject =
  | { readonly kind: "image"; readonly image: string; readonly command: readonly string[] }
  | { readonly kind: "target"; readonly context: string; readonly command: readonly string[] };

/** What `slipway run` is to run: `IMAGE [--] COMMAND…`, or, when a target or Dockerfile is named, `[CONTEXT] [--] COMMAND…` with
 * the working directory as context where the command follows `--` at once.
 * @param operands what commander left, without a `--` that came before any operand
 * @param args the whole command line, to find that `--`
 * @throws {UsageError} */
export function parseRunArguments(
  operands: readonly string[],
  { isTarget, args }: { readonly isTarget: boolean; readonly args: readonly string[] },
): RunSubject {
  const [first, ...rest] = operands;
  const command = rest[0] === "--" ? rest.slice(1) : rest;
  if (isTarget) {
    const isCommandOnly = first === undefined || startsCommand(operands, args);
    return isCommandOnly
      ? { kind: "target", context: ".", command: operands }
      : { kind: "target", context: first, command };
  }
  if (first === undefined) throw new UsageError("Cannot run: an image's name is missing", { hint: runHint });
  return { kind: "image", image: first, command };
}

const runHint = "slipway run IMAGE COMMAND, or slipway run --target STAGE DIRECTORY -- COMMAND";

/** Do the operands begin right after a `--`? */
function startsCommand(operands: readonly string[], args: readonly string[]): boolean {
  return args[args.length - operands.length - 1] === "--";
}
