import { CodedError } from "../errors/index.ts";

/** A Dockerfile that cannot be built as written; `location` names the instruction. Messages are BuildKit's. */
export class DockerfileError extends CodedError<DockerfileErrorCode> {}

/** - `DOCKERFILE_PARSE`: the text is not a Dockerfile
 * - `DOCKERFILE_INSTRUCTION`: an instruction's flags or arguments are wrong
 * - `DOCKERFILE_EXPANSION`: a word cannot be expanded
 * - `DOCKERFILE_STAGE`: stages refer to each other wrongly
 * - `DOCKERFILE_CHECK`: `check=error=true` and a rule was violated
 * - `UNSUPPORTED`: a needed stage asks for what is not carried out yet */
export type DockerfileErrorCode =
  | "DOCKERFILE_PARSE"
  | "DOCKERFILE_INSTRUCTION"
  | "DOCKERFILE_EXPANSION"
  | "DOCKERFILE_STAGE"
  | "DOCKERFILE_CHECK"
  | "UNSUPPORTED";
