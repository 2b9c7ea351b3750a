import { splitOnce } from "../../build/index.ts";
import { UsageError } from "../usage-error.ts";

/** `--build-arg K=V`, or `K` for the value in the environment; a name that is not set there is left out, as Docker does.
 * The last of equal keys wins. */
export function parseKeyValues(
  flag: string,
  values: readonly string[],
  env: NodeJS.ProcessEnv,
): Record<string, string> {
  const pairs: Record<string, string> = {};
  for (const value of values) {
    const [key, given] = splitOnce(value);
    if (key === "") throw new UsageError(`Cannot parse ${flag} "${value}": the name is missing`);
    const text = given ?? env[key];
    if (text !== undefined) define(pairs, key, text);
  }
  return pairs;
}

/** `--label K=V`, or `K` for an empty value. */
export function parseLabels(values: readonly string[]): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const value of values) {
    const [key, text] = splitOnce(value);
    if (key === "") throw new UsageError(`Cannot parse --label "${value}": the name is missing`);
    define(labels, key, text ?? "");
  }
  return labels;
}

/** Plain assignment would lose a key named `__proto__`. */
function define(record: Record<string, string>, key: string, value: string): void {
  Object.defineProperty(record, key, { value, enumerable: true, configurable: true, writable: true });
}
