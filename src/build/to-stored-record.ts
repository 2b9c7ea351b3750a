import type { Stack } from "../engine/index.ts";
import { assembleIndex, configDigestOf, isIndex, type StoredRecord } from "../image/index.ts";
import { normalizePlatform } from "../oci/index.ts";
import { layerTimes } from "./image-times.ts";
import { isMultiPlatform } from "./multi-platform.ts";
import type { BuildOptions, BuildResult } from "./options.ts";
import type { PreparedBuild } from "./prepare-build.ts";
import type { StepEngine } from "./step-engine.ts";
import { toImageRecord } from "./to-image-record.ts";

export interface BuiltTarget {
  /** As the user knows it. */
  readonly dockerfile: string;
  readonly options: BuildOptions;
  /** One for each plan. */
  readonly stacks: readonly Stack[];
  readonly rewriteTimestamp: boolean;
}

/** The image of the only platform, or one for all of them. */
export async function toStoredRecord(
  { plans, shared, steps }: PreparedBuild,
  { dockerfile, options, stacks, rewriteTimestamp }: BuiltTarget,
): Promise<StoredRecord> {
  const { contextDir } = options;
  const build = { target: shared.target, dockerfile, ...(contextDir !== undefined && { contextDir }) };
  const images = await Promise.all(
    plans.map(async (plan, index) => {
      const times = layerTimes(plan.epochSeconds, options, rewriteTimestamp);
      const stack = times ? await steps.withDirectories(stacks[index]!) : stacks[index]!;
      const image = toImageRecord(plan, stack, { build, times });
      return { platform: normalizePlatform(plan.platform), image };
    }),
  );
  return isMultiPlatform(options) ? { kind: "index", images } : images[0]!.image;
}

/** What a user knows the image by: the digest of its config, or its index. */
export async function digestsOf(
  record: StoredRecord,
  { store, packer, fetchBlob }: StepEngine,
): Promise<Pick<BuildResult, "configDigest" | "manifest">> {
  if (!isIndex(record)) return { configDigest: await configDigestOf(record, packer) };
  const { index } = await assembleIndex(store, record, { packer, fetchBlob });
  return { manifest: index.descriptor };
}
