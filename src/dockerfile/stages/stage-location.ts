import type { SourceLocation } from "../../errors/index.ts";
import { DockerfileError } from "../dockerfile-error.ts";
import type { InstructionBase, ParsedDockerfile } from "../instructions/instruction.ts";

export function locationOf(dockerfile: ParsedDockerfile, instruction: InstructionBase): SourceLocation {
  return { file: dockerfile.file, text: dockerfile.text, range: instruction.range };
}

/** Runs `action`; a Dockerfile error that does not say where gets the instruction's location. */
export function locateError<T>(
  dockerfile: ParsedDockerfile,
  instruction: InstructionBase,
  action: () => T,
): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof DockerfileError) error.location ??= locationOf(dockerfile, instruction);
    throw error;
  }
}
