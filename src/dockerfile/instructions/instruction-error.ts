import { DockerfileError } from "../dockerfile-error.ts";

/** Wrong flags or arguments; whoever knows the instruction adds its location. */
export function instructionError(message: string): DockerfileError {
  return new DockerfileError("DOCKERFILE_INSTRUCTION", message);
}
