import { didYouMean } from "../../errors/index.ts";
import { parsePlatform, type Platform } from "../../oci/index.ts";
import { DockerfileError } from "../dockerfile-error.ts";
import { quoteGo } from "../go-text.ts";
import type { FromInstruction, ParsedDockerfile } from "../instructions/instruction.ts";
import { processWord } from "../shell/process-word.ts";
import { checkCycles } from "./check-cycles.ts";
import { expandAt } from "./expand-at.ts";
import { resolveGlobalArgs } from "./global-args.ts";
import { imageBase } from "./image-base.ts";
import { noContexts } from "./named-contexts.ts";
import { type ContextScope, replacedBase } from "./replaced-base.ts";
import { stageError } from "./stage-error.ts";
import type { StageBase, StageGraph, StageNode, StageOptions } from "./stage-graph.ts";
import { locateError, locationOf } from "./stage-location.ts";
import { StageNames, toBase } from "./stage-names.ts";
import { stepSources } from "./step-sources.ts";

/** Finds out what each stage stands on and copies from, and which one is the target. Every stage is checked, also those
 * that the target does not need: names, platforms, image references, circles.
 * @throws {DockerfileError} `DOCKERFILE_STAGE` | `DOCKERFILE_EXPANSION` */
export function resolveStages(dockerfile: ParsedDockerfile, options: StageOptions): StageGraph {
  const globalArgs = resolveGlobalArgs(dockerfile, options);
  const names = new StageNames();
  const { platform, namedContexts = noContexts } = options;
  const scope = { dockerfile, names, globalArgs, namedContexts, platform };
  const bases = dockerfile.stages.map(({ index, from }) => {
    const resolved = resolveFrom(from, scope);
    if (from.stageName !== undefined) names.add(from.stageName, index);
    return resolved;
  });
  const target = findTarget(dockerfile, names, options.target);
  const stepScope = { ...scope, stageCount: dockerfile.stages.length };
  const stages = dockerfile.stages.map(
    ({ index, from, instructions }): StageNode => ({
      index,
      name: from.stageName,
      displayName: from.stageName ?? `stage-${index}`,
      from,
      ...bases[index]!,
      steps: (bases[index]!.isReplaced ? [] : instructions).map((instruction) => ({
        instruction,
        sources: stepSources(instruction, stepScope),
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
    platform,
    buildPlatform: options.buildPlatform ?? platform,
    buildArgs: options.buildArgs ?? {},
    namedContexts,
    globalArgs,
  };
}

interface FromScope extends ContextScope {
  readonly globalArgs: ReadonlyMap<string, string>;
}

type ResolvedFrom = Pick<StageNode, "base" | "platform" | "isReplaced">;

function resolveFrom(from: FromInstruction, scope: FromScope): ResolvedFrom {
  const { dockerfile } = scope;
  const name = expandAt(dockerfile, from, from.image, scope.globalArgs);
  if (name === "") throw stageError(`base name (${from.image}) should not be blank`, dockerfile, from);
  const platform = fromPlatform(dockerfile, from, scope.globalArgs);
  const contextScope = { ...scope, platform: platform ?? scope.platform };
  const replacement = replacedStage(from, contextScope);
  if (replacement) return { base: replacement, platform, isReplaced: true };
  const index = scope.names.findExact(name);
  const base =
    index === undefined
      ? (replacedBase(name, from, contextScope) ?? imageBase(name, dockerfile, from))
      : toBase(index);
  return { base, platform, isReplaced: false };
}

/** A stage with the main context's name stays what it is; everything else of that name can be replaced. */
function replacedStage(from: FromInstruction, scope: ContextScope): StageBase | undefined {
  const { stageName } = from;
  if (stageName === undefined || stageName === "context") return undefined;
  return replacedBase(stageName, from, scope);
}

function fromPlatform(
  dockerfile: ParsedDockerfile,
  from: FromInstruction,
  globalArgs: ReadonlyMap<string, string>,
): Platform | undefined {
  if (!from.platform) return undefined;
  const { escape } = dockerfile.directives;
  const word = locateError(dockerfile, from, () => processWord(from.platform!, globalArgs, { escape }));
  const suggestion =
    [...word.unmatched].map((name) => didYouMean(name, globalArgs.keys())).find(Boolean) ?? "";
  if (word.text === "") {
    const message = `empty platform value from expression ${from.platform}${suggestion}`;
    throw stageError(message, dockerfile, from);
  }
  try {
    return parsePlatform(word.text);
  } catch (error) {
    const message = `failed to parse platform ${from.platform}: ${(error as Error).message}${suggestion}`;
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
  throw new DockerfileError("DOCKERFILE_STAGE", message, { hint: stagesHint(dockerfile) });
}

const maxShown = 20;

/** The names that a target can have. */
function stagesHint({ stages }: ParsedDockerfile): string {
  const names = [...new Set(stages.flatMap(({ from }) => from.stageName ?? []))];
  if (names.length === 0)
    return "no stage has a name (FROM IMAGE AS NAME); without a target the last one is built";
  const rest = names.length - maxShown;
  return `stages are ${names.slice(0, maxShown).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}
