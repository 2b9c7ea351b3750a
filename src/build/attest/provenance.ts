import { randomUUID } from "node:crypto";
import path from "node:path";
import type { Definition } from "../../llb/index.ts";
import { formatPlatform, hostPlatform } from "../../oci/index.ts";
import { packageVersion } from "../../util/index.ts";
import type { BuildOptions } from "../options.ts";
import type { DockerfileText } from "../read-dockerfile.ts";
import type { ProvenanceOptions } from "./attestation-options.ts";
import type { HideSecrets } from "./hide-secrets.ts";
import { llbSteps, stepLocations } from "./llb-steps.ts";
import type { Material } from "./materials.ts";
import { externalParameters } from "./request-parameters.ts";

export const provenanceType = "https://slsa.dev/provenance/v1";

/** What a predicate is made of. */
export interface BuildFacts {
  readonly definition: Definition;
  readonly materials: readonly Material[];
  readonly options: BuildOptions;
  readonly dockerfile: DockerfileText;
  /** For texts that are encoded in the result. */
  readonly hide: HideSecrets;
  /** When the build ran; absent where equal builds are to say the same. */
  readonly times?: { readonly startedAtMs: number; readonly finishedAtMs: number } | undefined;
}

/** How an image was built: the predicate of SLSA v1, with the parameters of BuildKit's build type. Without times there is nothing of
 * chance in it.
 * @see https://slsa.dev/spec/v1.0/provenance */
export function provenanceOf(
  facts: BuildFacts,
  { mode, builderId, isReproducible }: ProvenanceOptions,
): object {
  const { definition, materials, options, dockerfile, hide, times } = facts;
  const builderPlatform = formatPlatform(hostPlatform());
  const isLocal = options.contextDir !== undefined;
  return {
    buildDefinition: {
      buildType: "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md",
      externalParameters: externalParameters(options, dockerfile, mode),
      internalParameters: {
        ...(mode === "max" && { buildConfig: { llbDefinition: llbSteps(definition, hide) } }),
        builderPlatform,
      },
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
        ...(isReproducible && { buildkit_reproducible: true }),
        buildkit_metadata: mode === "max" ? { source: sourceOf(definition, dockerfile, hide) } : {},
        // Files of a local directory are no dependencies that could be named.
        buildkit_completeness: { request: mode === "max", resolvedDependencies: !isLocal },
      },
    },
  };
}

function sourceOf(definition: Definition, { name, text }: DockerfileText, hide: HideSecrets): object {
  const data = Buffer.from(hide(text)).toString("base64");
  return {
    locations: stepLocations(definition),
    infos: [{ filename: path.basename(name), language: "Dockerfile", data }],
  };
}
