import type { InstructionBase, ParsedDockerfile } from "../instructions/instruction.ts";
import type { EscapeToken } from "../parser/directives.ts";
import { processWord, processWords } from "../shell/process-word.ts";
import { locateError } from "./stage-location.ts";

/** A word of an instruction with its variables replaced and its quotes removed.
 * @throws {DockerfileError} `DOCKERFILE_EXPANSION`, with the instruction's location */
export function expandAt(
  dockerfile: ParsedDockerfile,
  instruction: InstructionBase,
  word: string,
  env: ReadonlyMap<string, string>,
): string {
  const { escape } = dockerfile.directives;
  return locateError(dockerfile, instruction, () => processWord(word, env, { escape }).text);
}

/** Like `expandAt`, for a word whose values may be several words. */
export function expandWordsAt(
  dockerfile: ParsedDockerfile,
  instruction: InstructionBase,
  word: string,
  env: ReadonlyMap<string, string>,
): readonly string[] {
  const { escape } = dockerfile.directives;
  return locateError(dockerfile, instruction, () => processWords(word, env, { escape }));
}

/** The body of a heredoc: quotes stay, and the escape character is always a backslash. */
export function expandHeredocAt(
  dockerfile: ParsedDockerfile,
  instruction: InstructionBase,
  body: string,
  env: ReadonlyMap<string, string>,
): string {
  return locateError(dockerfile, instruction, () => processWord(body, env, { skipQuotes: true }).text);
}

/** An instruction as step names show it; text that cannot be expanded is shown as written.
 * @param raw keep quotes and unknown variables */
export function expandForDisplay(
  text: string,
  env: ReadonlyMap<string, string>,
  options: { readonly escape: EscapeToken; readonly raw: boolean },
): string {
  const { escape, raw } = options;
  try {
    return processWord(text, env, { escape, rawQuotes: raw, skipUnset: raw }).text;
  } catch {
    return text;
  }
}
