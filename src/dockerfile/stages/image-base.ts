import { formatReference, OciError, parseReference } from "../../oci/index.ts";
import { quoteGo } from "../go-text.ts";
import type { InstructionBase, ParsedDockerfile } from "../instructions/instruction.ts";
import { stageError } from "./stage-error.ts";
import type { StageBase } from "./stage-graph.ts";

/** The image of a name that no stage has.
 * @throws {DockerfileError} `DOCKERFILE_STAGE` when it is not an image reference either */
export function imageBase(
  name: string,
  dockerfile: ParsedDockerfile,
  instruction: InstructionBase,
): StageBase {
  if (name === "scratch") return { kind: "scratch" };
  try {
    return { kind: "image", name, reference: formatReference(parseReference(name)) };
  } catch (error) {
    if (!(error instanceof OciError)) throw error;
    const message = `failed to parse stage name ${quoteGo(name)}: ${error.message}`;
    throw stageError(message, dockerfile, instruction);
  }
}
