import { didYouMean } from "../../errors/index.ts";
import { OciError, parsePlatform, parseReference } from "../../oci/index.ts";
import { DockerfileError } from "../dockerfile-error.ts";
import type { FromInstruction } from "../instructions/instruction.ts";
import { type Environment, type ExpandedWord, processWord } from "../shell/process-word.ts";
import type { Finding } from "./finding.ts";
import type { LintInput } from "./lint-input.ts";

/** Checks of FROM lines that look at the arguments they use. */
export function* checkFroms(input: LintInput): Generator<Finding> {
  const { dockerfile, globalArgs } = input;
  const { escape } = dockerfile.directives;
  const declared = new Set([
    ...globalArgs.keys(),
    ...dockerfile.globalArgs.flatMap(({ args }) => args.map(({ key }) => key)),
  ]);
  const defaults = defaultArgs(input);
  for (const { from } of defaults ? dockerfile.stages : [])
    yield* invalidDefault(from, tryProcessWord(from.image, defaults!, escape));
  for (const { from } of dockerfile.stages) {
    const image = tryProcessWord(from.image, globalArgs, escape);
    if (image) yield* undeclaredArgs(from, image, declared);
    const platform = from.platform ? tryProcessWord(from.platform, globalArgs, escape) : undefined;
    if (!platform) continue;
    yield* undeclaredArgs(from, platform, declared);
    yield* redundantPlatform(from, platform, globalArgs);
    yield* constantPlatform(from, platform);
  }
}

/** A word that cannot be expanded is a matter of the build, not of a check. */
function tryProcessWord(word: string, env: Environment, escape: "\\" | "`"): ExpandedWord | undefined {
  try {
    return processWord(word, env, { escape });
  } catch (error) {
    if (error instanceof DockerfileError) return undefined;
    throw error;
  }
}

function* undeclaredArgs(
  instruction: FromInstruction,
  word: ExpandedWord,
  declared: ReadonlySet<string>,
): Generator<Finding> {
  for (const name of word.unmatched) {
    if (declared.has(name)) continue;
    const message = `FROM argument '${name}' is not declared${didYouMean(name, declared)}`;
    yield { rule: "UndefinedArgInFrom", message, instruction };
  }
}

/** The global arguments as if nobody had given a build argument; undefined when one cannot be expanded. */
function defaultArgs({ dockerfile, globalArgs }: LintInput): Environment | undefined {
  const values = new Map(globalArgs);
  const declarations = dockerfile.globalArgs.flatMap(({ args }) => args);
  for (const { key } of declarations) values.delete(key);
  for (const { key, value } of declarations) {
    if (value === undefined) continue;
    const expanded = tryProcessWord(value, values, dockerfile.directives.escape);
    if (!expanded) return undefined;
    values.set(key, expanded.text);
  }
  return values;
}

function* invalidDefault(instruction: FromInstruction, image: ExpandedWord | undefined): Generator<Finding> {
  if (!image || isReference(image.text)) return;
  const message = `Default value for ARG ${instruction.image} results in empty or invalid base image name`;
  yield { rule: "InvalidDefaultArgInFrom", message, instruction };
}

function isReference(text: string): boolean {
  return succeeds(() => parseReference(text));
}

/** Only when it is the whole value: beside other arguments, one of them may be empty today and not tomorrow. */
function* redundantPlatform(
  instruction: FromInstruction,
  platform: ExpandedWord,
  globalArgs: ReadonlyMap<string, string>,
): Generator<Finding> {
  const isOnly = platform.matched.size === 1 && platform.unmatched.size === 0;
  if (!isOnly || !platform.matched.has("TARGETPLATFORM")) return;
  if (platform.text !== globalArgs.get("TARGETPLATFORM")) return;
  const message = `Setting platform to predefined ${instruction.platform} in FROM is redundant as this is the default behavior`;
  yield { rule: "RedundantTargetPlatform", message, instruction };
}

/** A stage named after its platform means it. */
function* constantPlatform(instruction: FromInstruction, word: ExpandedWord): Generator<Finding> {
  if (word.matched.size > 0 || word.unmatched.size > 0) return;
  if (!succeeds(() => parsePlatform(word.text))) return;
  const { os, architecture } = parsePlatform(word.text);
  const name = instruction.stageName ?? "";
  if (name.includes(os) || name.includes(architecture)) return;
  const message = `FROM --platform flag should not use constant value "${word.text}"`;
  yield { rule: "FromPlatformFlagConstDisallowed", message, instruction };
}

function succeeds(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch (error) {
    if (error instanceof OciError) return false;
    throw error;
  }
}
