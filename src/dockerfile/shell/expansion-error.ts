import { DockerfileError } from "../dockerfile-error.ts";

/** A word that cannot be expanded. */
export class ExpansionError extends DockerfileError {
  constructor(message: string) {
    super("DOCKERFILE_EXPANSION", message);
  }
}
