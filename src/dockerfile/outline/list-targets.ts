import type { SourceRange } from "../../errors/index.ts";
import type { ParsedDockerfile } from "../instructions/instruction.ts";
import { describedBy } from "./description.ts";

/** A stage as something to build. */
export interface Target {
  /** Empty for a stage without AS, which only the default can be. */
  readonly name: string;
  readonly isDefault: boolean;
  /** From a comment `# <name> …` above the FROM. */
  readonly description: string;
  /** As written, not expanded. */
  readonly base: string;
  readonly platform: string;
  readonly range: SourceRange;
}

/** All stages of a file, in file order. */
export function listTargets({ stages }: ParsedDockerfile): readonly Target[] {
  return stages.map(({ index, from }) => ({
    name: from.stageName ?? "",
    isDefault: index === stages.length - 1,
    description: from.stageName === undefined ? "" : describedBy(from.prevComment, from.stageName),
    base: from.image,
    platform: from.platform ?? "",
    range: from.range,
  }));
}
