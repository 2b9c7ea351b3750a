import type { Stack, StepResult } from "../engine/index.ts";
import { assembleIndex, configDigestOf, isIndex, type StoredRecord } from "../image/index.ts";
import { normalizePlatform } from "../oci/index.ts";
import { hasIndexedAttestations } from "./attest/attestation-options.ts";
import type { Attester } from "./attest/attester.ts";
import { epochOf, layerTimes, withEpoch } from "./image-times.ts";
import { withSettings } from "./image-settings.ts";
import { isMultiPlatform } from "./multi-platform.ts";
import type { BuildOptions, BuildResult, ImageSettings } from "./options.ts";
import type { PreparedBuild } from "./prepare-build.ts";
import type { StepEngine } from "./step-engine.ts";
import { toImageRecord } from "./to-image-record.ts";

export interface BuiltTarget {
  /** As the user knows it. */
  readonly dockerfile: string;
  readonly options: BuildOptions;
  /** One for each plan. */
  readonly stacks: readonly Stack[];
  readonly settings: ImageSettings;
  readonly attester?: Attester | undefined;
  /** Set when the images are to tell them. */
  readonly inlineResults?: readonly StepResult[];
}

/** The image of the only platform, or one for all of them. */
export async function toStoredRecord(
  { plans, shared, steps }: PreparedBuild,
  { dockerfile, options, stacks, settings, attester, inlineResults }: BuiltTarget,
): Promise<StoredRecord> {
  const { contextDir } = options;
  const build = { target: shared.target, dockerfile, ...(contextDir !== undefined && { contextDir }) };
  const images = await Promise.all(
    plans.map(async (plan, index) => {
      const epochSeconds = epochOf(plan.epochSeconds, settings);
      const times = layerTimes(epochSeconds, options, settings.rewriteTimestamp ?? false);
      const stack = times ? await steps.withDirectories(stacks[index]!) : stacks[index]!;
      const image = toImageRecord({ ...plan, config: withEpoch(plan, settings) }, stack, {
        build,
        times,
        inlineResults,
      });
      const isOld = settings.attestationsAreImages ?? false;
      const attestations = await attester?.attestationsOf(plan, image, isOld);
      const platform = normalizePlatform(plan.platform);
      return { platform, image: attestations ? { ...image, attestations } : image };
    }),
  );
  const record: StoredRecord = isIndexed(options) ? { kind: "index", images } : images[0]!.image;
  return withSettings(record, settings);
}

/** What is said of an image stands beside it in an index. */
function isIndexed(options: BuildOptions): boolean {
  return isMultiPlatform(options) || hasIndexedAttestations(options);
}

/** What a user knows the image by: the digest of its config, or its index. */
export async function digestsOf(
  record: StoredRecord,
  { store, packer, fetchBlob }: StepEngine,
): Promise<Pick<BuildResult, "configDigest" | "manifest">> {
  if (!isIndex(record)) return { configDigest: await configDigestOf(store, record, { packer, fetchBlob }) };
  const { index } = await assembleIndex(store, record, { packer, fetchBlob });
  return { manifest: index.descriptor };
}
