import { didYouMean } from "../../errors/index.ts";
import type { DockerfileError } from "../dockerfile-error.ts";
import type { Word } from "../parser/syntax-tree.ts";
import type { Flag } from "./instruction.ts";
import { instructionError } from "./instruction-error.ts";

/** `strings` may be repeated. */
export type FlagKind = "string" | "boolean" | "strings";

type FlagValue<Kind extends FlagKind> = Kind extends "string"
  ? string
  : Kind extends "boolean"
    ? boolean
    : readonly string[];

/** Flags that were not written are absent. */
export type FlagValues<Spec extends Readonly<Record<string, FlagKind>>> = {
  readonly [Name in keyof Spec]?: FlagValue<Spec[Name]>;
};

/** Splits flag words into names and values. */
export function toFlags(words: readonly Word[]): readonly Flag[] {
  return words.map(({ text, range }) => {
    const index = text.indexOf("=");
    if (index < 0) return { name: text.slice(2), range };
    return { name: text.slice(2, index), value: text.slice(index + 1), range };
  });
}

/** Checks flags against what an instruction accepts.
 * @throws {DockerfileError} `DOCKERFILE_INSTRUCTION` for an unknown, repeated or malformed flag */
export function parseFlags<const Spec extends Readonly<Record<string, FlagKind>>>(
  flags: readonly Flag[],
  spec: Spec,
): FlagValues<Spec> {
  const values: Record<string, string | boolean | string[]> = {};
  for (const flag of flags) {
    const kind = Object.hasOwn(spec, flag.name) ? spec[flag.name] : undefined;
    if (!kind)
      throw instructionError(`unknown flag: --${flag.name}${didYouMean(flag.name, Object.keys(spec))}`);
    const earlier = values[flag.name];
    if (earlier !== undefined && kind !== "strings")
      throw instructionError(`duplicate flag specified: --${flag.name}`);
    if (kind === "boolean") values[flag.name] = booleanValue(flag);
    else if (flag.value === undefined) throw missingValue(flag);
    else if (Array.isArray(earlier)) earlier.push(flag.value);
    else values[flag.name] = kind === "strings" ? [flag.value] : flag.value;
  }
  return values as FlagValues<Spec>;
}

function booleanValue(flag: Flag): boolean {
  if (flag.value === undefined) return true;
  if (flag.value === "") throw missingValue(flag);
  const lower = flag.value.toLowerCase();
  if (lower !== "true" && lower !== "false")
    throw instructionError(`expecting boolean value for flag --${flag.name}, not: ${flag.value}`);
  return lower === "true";
}

function missingValue(flag: Flag): DockerfileError {
  return instructionError(`missing a value on flag: --${flag.name}`);
}
