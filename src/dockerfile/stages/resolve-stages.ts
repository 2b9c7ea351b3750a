import { didYouMean } from "../../errors/index.ts";
import { parsePlatform, type Platform } from "../../oci/index.ts";
import { DockerfileError } from "../dockerfile-error.ts";
import { quoteGo } from "../go-text.ts";
import type { FromInstruction, ParsedDockerfile } from "../instructions/instruction.ts";
import { checkCycles } from "./check-cycles.ts";
import { expandAt } from "./expand-at.ts";
import { resolveGlobalArgs } from "./global-args.ts";
import { imageBase } from "./image-base.ts";
import { stageError } from "./stage-error.ts";
import type { StageBase, StageGraph, StageNode, StageOptions } from "./stage-graph.ts";
import { locationOf } from "./stage-location.ts";
import { StageNames, toBase } from "./stage-names.ts";
import { stepSources } from "./step-sources.ts";

/** Finds out what each stage stands on and copies from, and which one is the target. Every stage is checked, also those
 * that the target does not need: names, platforms, image references, circles.
 * @throws {DockerfileError} `DOCKERFILE_STAGE` | `DOCKERFILE_EXPANSION` */
export function resolveStages(dockerfile: ParsedDockerfile, options: StageOptions): StageGraph {
  const globalArgs = resolveGlobalArgs(dockerfile, options);
  const names = new StageNames();
  const bases = dockerfile.stages.map(({ index, from }) => {
    const resolved = resolveFrom(dockerfile, from, { names, globalArgs });
    if (from.stageName !== undefined) names.add(from.stageName, index);
    return resolved;
  });
  const target = findTarget(dockerfile, names, options.target);
  const stages = dockerfile.stages.map(
    ({ index, from, instructions }): StageNode => ({
      index,
      name: from.stageName,
      displayName: from.stageName ?? `stage-${index}`,
      from,
      ...bases[index]!,
      steps: instructions.map((instruction) => ({
        instruction,
        sources: stepSources(instruction, { dockerfile, names, stageCount: dockerfile.stages.length }),
        isOnbuild: false,
      })),
      location: locationOf(dockerfile, from),
    }),
  );
  checkCycles(dockerfile, stages);
  return {
    dockerfile,
    stages,
    target,
    platform: options.platform,
    buildPlatform: options.buildPlatform ?? options.platform,
    buildArgs: options.buildArgs ?? {},
    globalArgs,
  };
}

interface FromScope {
  readonly names: StageNames;
  readonly globalArgs: ReadonlyMap<string, string>;
}

function resolveFrom(
  dockerfile: ParsedDockerfile,
  from: FromInstruction,
  scope: FromScope,
): { base: StageBase; platform: Platform | undefined } {
  const name = expandAt(dockerfile, from, from.image, scope.globalArgs);
  if (name === "") throw stageError(`base name (${from.image}) should not be blank`, dockerfile, from);
  const platform = fromPlatform(dockerfile, from, scope.globalArgs);
  const index = scope.names.findExact(name);
  if (index !== undefined) return { base: toBase(index), platform };
  return { base: imageBase(name, dockerfile, from), platform };
}

function fromPlatform(
  dockerfile: ParsedDockerfile,
  from: FromInstruction,
  globalArgs: ReadonlyMap<string, string>,
): Platform | undefined {
  if (!from.platform) return undefined;
  const text = expandAt(dockerfile, from, from.platform, globalArgs);
  if (text === "") {
    const message = `empty platform value from expression ${from.platform}`;
    throw stageError(message, dockerfile, from);
  }
  try {
    return parsePlatform(text);
  } catch (error) {
    const message = `failed to parse platform ${from.platform}: ${(error as Error).message}`;
    throw stageError(message, dockerfile, from);
  }
}

function findTarget(dockerfile: ParsedDockerfile, names: StageNames, target: string | undefined): number {
  const last = dockerfile.stages.at(-1)!;
  if (!target) return last.index;
  const index = names.find(target);
  if (index !== undefined) return index;
  const known = dockerfile.stages.map((stage) => stage.from.stageName ?? `stage-${stage.index}`);
  const message = `target stage ${quoteGo(target)} could not be found${didYouMean(target, known)}`;
  throw new DockerfileError("DOCKERFILE_STAGE", message);
}
