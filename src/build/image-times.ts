import type { ConvertResult } from "../dockerfile/index.ts";
import type { DraftImageConfig, LayerTimes } from "../oci/index.ts";
import type { EmitEvent } from "../progress/index.ts";
import { formatEpoch } from "../util/index.ts";
import type { BuildOptions, ImageSettings, OutputEpoch } from "./options.ts";

/** The times that files of new layers get in an image.
 * @param rewrite was `rewrite-timestamp` asked for? */
export function layerTimes(
  epochSeconds: number | undefined,
  { reproducible }: Pick<BuildOptions, "reproducible">,
  rewrite: boolean,
): LayerTimes | undefined {
  if (epochSeconds === undefined) return undefined;
  // What a file's time was before depends on when its step ran, or when the source was checked out.
  if (reproducible) return { rule: "exactly", seconds: epochSeconds };
  return rewrite ? { rule: "at-most", seconds: epochSeconds } : undefined;
}

/** The time that counts for an output. */
export function epochOf(
  buildSeconds: number | undefined,
  { epoch }: { readonly epoch?: OutputEpoch },
): number | undefined {
  if (epoch === undefined) return buildSeconds;
  return epoch === "none" ? undefined : epoch;
}

/** The config of an image with the time of an output: what the build dated later gets it, as in BuildKit. Entries of the base image keep theirs. */
export function withEpoch(
  { config, baseImage }: Pick<ConvertResult, "config" | "baseImage">,
  { epoch }: { readonly epoch?: OutputEpoch },
): DraftImageConfig {
  if (epoch === undefined || epoch === "none") return config;
  const created = formatEpoch(epoch);
  const baseLength = baseImage?.config.history?.length ?? 0;
  const history = config.history.map((entry, index) => {
    const isLater = entry.created !== undefined && Date.parse(entry.created) > epoch * 1000;
    return index >= baseLength && isLater ? { ...entry, created } : entry;
  });
  return { ...config, created, history };
}

/** Says so when times were to be rewritten to one that nobody gave. */
export function warnWithoutEpoch(
  epochSeconds: number | undefined,
  settings: readonly ImageSettings[],
  emit: EmitEvent,
): void {
  const lacksTime = (each: ImageSettings) =>
    each.rewriteTimestamp && epochOf(epochSeconds, each) === undefined;
  if (!settings.some(lacksTime)) return;
  emit({ kind: "note", text: "rewrite-timestamp is specified, but no source-date-epoch was found" });
}
