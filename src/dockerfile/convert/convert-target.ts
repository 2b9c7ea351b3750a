import type { Definition } from "../../llb/index.ts";
import type { StageGraph } from "../stages/index.ts";
import { createConversion, dispatchStages, prepareStages } from "./convert-stages.ts";
import { formatEpoch } from "../../util/index.ts";
import { sourceDateEpoch } from "./epoch.ts";
import { asPlatform, draftConfig } from "./image-config.ts";
import type { ConvertOptions, ConvertResult, ImageConfigResolver } from "./options.ts";
import { scannedParts } from "./scanned-parts.ts";
import type { StageState } from "./stage-state.ts";
import { conversionWarnings } from "./warnings.ts";

/** Turns a target into a build graph and the config of its image. Only the stages that it needs are carried out, and only
 * their images are asked for.
 * @throws {DockerfileError} `UNSUPPORTED` where a needed stage asks for what is not carried out yet; `DOCKERFILE_STAGE`,
 * `DOCKERFILE_INSTRUCTION`, `DOCKERFILE_EXPANSION` with BuildKit's messages; and what the resolver throws. All with a location */
export async function convertTarget(
  graph: StageGraph,
  options: ConvertOptions,
  resolver: ImageConfigResolver,
): Promise<ConvertResult> {
  const epoch = (await sourceDateEpoch(graph, options)) ?? (options.reproducible ? 0 : undefined);
  const context = createConversion(graph, options, epoch);
  const needed = await prepareStages(context, resolver);
  dispatchStages(context, needed);
  const target = context.states[graph.target]!;
  const definition = context.definition.build(target.vertex);
  const nameOf = (state: StageState) => state.node.displayName;
  return {
    definition,
    config: {
      ...draftConfig(
        options.isPlatformGiven ? asPlatform(target.image, graph.platform) : target.image,
        options.labels ?? {},
      ),
      ...(epoch !== undefined && { created: formatEpoch(epoch) }),
    },
    ...(epoch !== undefined && { epochSeconds: epoch }),
    baseImage: target.baseImage,
    localContexts: localContexts(definition),
    target: nameOf(target),
    stagesBuilt: context.states.filter((state) => needed.has(state.node.index)).map(nameOf),
    stagesSkipped: context.states.filter((state) => !needed.has(state.node.index)).map(nameOf),
    warnings: conversionWarnings(context, needed),
    scannedParts: scannedParts(context, needed),
  };
}

function localContexts(definition: Definition): string[] {
  const scheme = "local://";
  return [...definition.vertices.values()].flatMap(({ op }) =>
    op.kind === "source" && op.identifier.startsWith(scheme) ? [op.identifier.slice(scheme.length)] : [],
  );
}
