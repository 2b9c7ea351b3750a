import { OciError, type Platform } from "../../oci/index.ts";
import { quoteGo } from "../go-text.ts";
import type { InstructionBase, ParsedDockerfile } from "../instructions/instruction.ts";
import { contextBase, findContext } from "./named-contexts.ts";
import { stageError } from "./stage-error.ts";
import type { NamedContexts, StageBase } from "./stage-graph.ts";
import type { StageNames } from "./stage-names.ts";

export interface ContextScope {
  readonly dockerfile: ParsedDockerfile;
  readonly names: StageNames;
  readonly namedContexts: NamedContexts;
  readonly platform: Platform;
}

/** What a named context puts in the place of a name that an instruction uses; undefined when there is none of that name.
 * @throws {DockerfileError} `DOCKERFILE_STAGE` */
export function replacedBase(
  name: string,
  instruction: InstructionBase,
  scope: ContextScope,
): StageBase | undefined {
  const found = findContext(scope.namedContexts, name, scope.platform);
  if (!found) return undefined;
  const fail = (message: string) => stageError(message, scope.dockerfile, instruction);
  try {
    return contextBase(found, (stage) => {
      const index = scope.names.find(stage);
      if (index === undefined) throw fail(`failed to find target ${stage} for context ${found.key}`);
      return index;
    });
  } catch (error) {
    if (!(error instanceof OciError)) throw error;
    throw fail(`failed to parse named context ${quoteGo(found.key)}: ${error.message}`);
  }
}
