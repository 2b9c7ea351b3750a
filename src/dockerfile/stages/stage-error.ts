import { DockerfileError } from "../dockerfile-error.ts";
import type { InstructionBase, ParsedDockerfile } from "../instructions/instruction.ts";
import { locationOf } from "./stage-location.ts";

export function stageError(
  message: string,
  dockerfile: ParsedDockerfile,
  instruction: InstructionBase,
): DockerfileError {
  return new DockerfileError("DOCKERFILE_STAGE", message, { location: locationOf(dockerfile, instruction) });
}
