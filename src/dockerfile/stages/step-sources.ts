import { mountFrom } from "../instructions/index.ts";
import type { ParsedDockerfile, StageInstruction } from "../instructions/instruction.ts";
import { expandAt } from "./expand-at.ts";
import type { Platform } from "../../oci/index.ts";
import { replacedBase } from "./replaced-base.ts";
import { imageBase } from "./image-base.ts";
import { stageError } from "./stage-error.ts";
import type { NamedContexts, StageBase } from "./stage-graph.ts";
import { type StageNames, toBase } from "./stage-names.ts";

export interface StepScope {
  readonly dockerfile: ParsedDockerfile;
  readonly names: StageNames;
  readonly stageCount: number;
  readonly namedContexts: NamedContexts;
  /** Of the image to be made. */
  readonly platform: Platform;
}

/** What an instruction reads from, beside its own stage and the build context.
 * @throws {DockerfileError} `DOCKERFILE_STAGE` */
export function stepSources(instruction: StageInstruction, scope: StepScope): readonly StageBase[] {
  if (instruction.kind === "copy" && instruction.from) return [copySource(instruction, scope)];
  if (instruction.kind !== "run") return [];
  // A mount's type may be a variable, so every mount gets a source; one without `from` gets an empty tree.
  return instruction.mounts.map((mount) => namedBase(mountFrom(mount) || "scratch", instruction, scope));
}

function copySource(instruction: StageInstruction & { readonly kind: "copy" }, scope: StepScope): StageBase {
  const from = instruction.from!;
  if (expandAt(scope.dockerfile, instruction, from, new Map()) !== from) {
    const message =
      "variable expansion is not supported for --from, define a new stage with FROM using ARG from global scope as a workaround";
    throw stageError(message, scope.dockerfile, instruction);
  }
  if (!/^[+-]?\d+$/.test(from)) return namedBase(from, instruction, scope);
  const index = Number(from);
  if (index >= 0 && index < scope.stageCount) return toBase(index);
  throw stageError(`invalid stage index ${index}`, scope.dockerfile, instruction);
}

function namedBase(name: string, instruction: StageInstruction, scope: StepScope): StageBase {
  const index = scope.names.find(name);
  if (index !== undefined) return toBase(index);
  return replacedBase(name, instruction, scope) ?? imageBase(name, scope.dockerfile, instruction);
}
