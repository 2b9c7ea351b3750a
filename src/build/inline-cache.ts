import type { CachedResult } from "../cache/index.ts";
import type { Stack, StepResult } from "../engine/index.ts";
import type { DraftImageConfig } from "../oci/index.ts";
import type { EmitEvent } from "../progress/index.ts";
import { BuildError } from "./build-error.ts";
import type { BuildOptions, OutputSpec } from "./options.ts";

const imageOutputs: readonly OutputSpec["type"][] = ["docker", "oci", "registry", "load"];

/** Is a cache asked for in the images themselves? As docker buildx does, the build argument `BUILDKIT_INLINE_CACHE` asks too. */
export function wantsInlineCache({ cacheTo = [], buildArgs }: BuildOptions): boolean {
  return cacheTo.some(({ type }) => type === "inline") || isTrue(buildArgs["BUILDKIT_INLINE_CACHE"]);
}

/** What Go's `strconv.ParseBool` takes for true. */
function isTrue(value: string | undefined): boolean {
  return value !== undefined && ["1", "t", "T", "TRUE", "true", "True"].includes(value);
}

/** Notes where no image is made that could hold the cache.
 * @throws {BuildError} `INVALID_ARGUMENT` with `--reproducible`: when a step ran, and what it is known by, is never the same twice */
export function checkInlineCache(options: BuildOptions, emit: EmitEvent): void {
  if (!wantsInlineCache(options)) return;
  const makesImage = options.outputs.some(({ type }) => imageOutputs.includes(type));
  if (!options.storeImage && !makesImage)
    emit({ kind: "note", text: "an inline cache goes with an image, and this build makes none" });
  if (!options.reproducible) return;
  throw new BuildError(
    "INVALID_ARGUMENT",
    "Cannot put a cache into a reproducible image: it tells when each step ran",
    { hint: "use --cache-to type=registry,ref=NAME" },
  );
}

/** The image's config with the keys of those of its layers that steps made: the layers themselves are the cache. */
export function withInlineCache(
  config: DraftImageConfig,
  { layers }: Stack,
  results: readonly StepResult[],
): DraftImageConfig {
  const position = new Map(layers.map(({ identity }, index) => [identity, index]));
  const cached = results.flatMap((result) => {
    const layer = position.get(result.layer.identity);
    return layer === undefined ? [] : toCachedResults(result, layer);
  });
  cached.sort((a, b) => a.layer - b.layer || (a.key < b.key ? -1 : 1));
  return { ...config, "slipway.cache.v1": { schemaVersion: 1, results: cached } };
}

/** A result as it travels, once for each of its keys.
 * @param layer its layer's place among those that travel with it */
export function toCachedResults(
  { keys, layer: { identity, createdAtMs = 0, step = "" }, durationMs }: StepResult,
  layer: number,
): readonly CachedResult[] {
  return keys.map((key) => ({ key, layer, identity, createdAtMs, durationMs, step }));
}
