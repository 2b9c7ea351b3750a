import { randomUUID } from "node:crypto";
import path from "node:path";
import type { Definition, Vertex } from "../../llb/index.ts";
import { formatPlatform, hostPlatform } from "../../oci/index.ts";
import { packageVersion } from "../../util/index.ts";
import type { BuildOptions } from "../options.ts";
import type { DockerfileText } from "../read-dockerfile.ts";
import type { ProvenanceOptions } from "./attestation-options.ts";
import type { GitCheckout } from "./git-checkout.ts";
import type { HideSecrets } from "./hide-secrets.ts";
import { llbSteps, stepIds, stepLocations } from "./llb-steps.ts";
import type { Material } from "./materials.ts";
import { externalParameters } from "./request-parameters.ts";

/** Types of predicates by the version of SLSA's schema. */
export const provenanceTypes = {
  v1: "https://slsa.dev/provenance/v1",
  "v0.2": "https://slsa.dev/provenance/v0.2",
} as const;

/** Where in a predicate the fields of BuildKit are. */
export const metadataPaths = {
  v1: ["runDetails", "metadata", "buildkit_metadata"],
  "v0.2": ["metadata", "https://mobyproject.org/buildkit@v1#metadata"],
} as const;

/** What a predicate is made of. */
export interface BuildFacts {
  readonly definition: Definition;
  readonly materials: readonly Material[];
  readonly options: BuildOptions;
  readonly dockerfile: DockerfileText;
  /** That the context is in. */
  readonly checkout?: GitCheckout | undefined;
  /** For texts that are encoded in the result. */
  readonly hide: HideSecrets;
  /** When the build ran; absent where equal builds are to say the same. */
  readonly times?: { readonly startedAtMs: number; readonly finishedAtMs: number } | undefined;
}

/** How an image was built: a predicate of SLSA, with the parameters of BuildKit's build types. Without times there is nothing of chance
 * in it.
 * @see https://slsa.dev/spec/v1.0/provenance */
export function provenanceOf(facts: BuildFacts, options: ProvenanceOptions): object {
  return options.version === "v1" ? provenanceV1(facts, options) : provenanceV02(facts, options);
}

function provenanceV1(facts: BuildFacts, { mode, builderId, isReproducible }: ProvenanceOptions): object {
  const { materials, options, dockerfile, times } = facts;
  const { configSource, request } = externalParameters(options, mode);
  return {
    buildDefinition: {
      buildType: "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md",
      externalParameters: {
        configSource: { ...configSource, path: path.basename(dockerfile.name) },
        request,
      },
      internalParameters: { ...buildConfig(facts, mode), builderPlatform: formatPlatform(hostPlatform()) },
      resolvedDependencies: materials,
    },
    runDetails: {
      builder: { id: builderId, version: { slipway: packageVersion() } },
      metadata: {
        ...(times && {
          invocationId: randomUUID(),
          startedOn: new Date(times.startedAtMs).toISOString(),
          finishedOn: new Date(times.finishedAtMs).toISOString(),
        }),
        ...(isHermetic(facts) && { buildkit_hermetic: true }),
        ...(isReproducible && { buildkit_reproducible: true }),
        buildkit_metadata: buildkitMetadata(facts, mode),
        buildkit_completeness: { request: mode === "max", resolvedDependencies: isWhole(facts) },
      },
    },
  };
}

/** @see https://slsa.dev/spec/v0.2/provenance */
function provenanceV02(facts: BuildFacts, { mode, builderId, isReproducible }: ProvenanceOptions): object {
  const { materials, options, dockerfile, times } = facts;
  const { configSource, request } = externalParameters(options, mode);
  return {
    builder: { id: builderId },
    buildType: "https://mobyproject.org/buildkit@v1",
    materials,
    invocation: {
      configSource: { ...configSource, entryPoint: path.basename(dockerfile.name) },
      parameters: request,
      environment: { platform: formatPlatform(hostPlatform()) },
    },
    ...buildConfig(facts, mode),
    metadata: {
      ...(times && {
        buildInvocationID: randomUUID(),
        buildStartedOn: new Date(times.startedAtMs).toISOString(),
        buildFinishedOn: new Date(times.finishedAtMs).toISOString(),
      }),
      completeness: { parameters: mode === "max", environment: true, materials: isWhole(facts) },
      reproducible: isReproducible ?? false,
      ...(isHermetic(facts) && { "https://mobyproject.org/buildkit@v1#hermetic": true }),
      "https://mobyproject.org/buildkit@v1#metadata": buildkitMetadata(facts, mode),
    },
  };
}

/** Files of a local directory are no dependencies that could be named. */
function isWhole({ definition, options }: BuildFacts): boolean {
  const isLocal = ({ op }: Vertex) => op.kind === "source" && op.identifier.startsWith("local://");
  return options.contextDir === undefined && ![...definition.vertices.values()].some(isLocal);
}

/** Does the build depend on nothing but what is named? */
function isHermetic(facts: BuildFacts): boolean {
  const ops = [...facts.definition.vertices.values()].map(({ op }) => op);
  return isWhole(facts) && ops.every((op) => op.kind !== "exec" || op.network === "none");
}

function buildConfig({ definition, hide }: BuildFacts, mode: ProvenanceOptions["mode"]): object {
  if (mode === "min") return {};
  const digestMapping = Object.fromEntries(stepIds(definition));
  return { buildConfig: { llbDefinition: llbSteps(definition, hide), digestMapping } };
}

function buildkitMetadata(
  { definition, dockerfile, checkout, hide }: BuildFacts,
  mode: ProvenanceOptions["mode"],
): object {
  return {
    ...(checkout && { vcs: checkout }),
    ...(mode === "max" && { source: sourceOf(definition, dockerfile, hide) }),
  };
}

function sourceOf(definition: Definition, { name, text }: DockerfileText, hide: HideSecrets): object {
  const data = Buffer.from(hide(text)).toString("base64");
  return {
    locations: stepLocations(definition),
    infos: [{ filename: path.basename(name), language: "Dockerfile", data }],
  };
}
