import { type NamedContextSpec, parseNamedContext } from "../../build/index.ts";
import { UsageError } from "../usage-error.ts";

/** Parses every `--build-context NAME=VALUE`; of a name given twice the last one counts.
 * @throws {UsageError} | {BuildError} */
export function parseNamedContexts(
  values: readonly string[],
  cwd: string,
): ReadonlyMap<string, NamedContextSpec> {
  return new Map(
    values.map((text) => {
      const at = text.indexOf("=");
      if (at < 0) throw new UsageError(`invalid context value: ${text}, expected key=value`);
      return parseNamedContext(text.slice(0, at), text.slice(at + 1), cwd);
    }),
  );
}
