import { CodedError, didYouMean, type SourceLocation } from "../../errors/index.ts";
import { formatPlatform, type Platform } from "../../oci/index.ts";
import { locationOf, type StageBase } from "../stages/index.ts";
import { type ConvertContext, imageKey } from "./convert-context.ts";
import type { ImageConfigResolver } from "./options.ts";

interface WantedImage {
  /** As written. */
  readonly name: string;
  readonly reference: string;
  readonly description: string;
  readonly platform: Platform;
  readonly location: SourceLocation;
}

/** Asks, all at once, for the images that the stages with these indices start and read from, and are not known yet. The first
 * failure ends the other requests.
 * @throws what the resolver throws, with the location of the instruction that names the image */
export async function resolveImages(
  context: ConvertContext,
  indices: Iterable<number>,
  resolver: ImageConfigResolver,
): Promise<void> {
  const failure = new AbortController();
  const signals = [failure.signal, ...(context.options.signal ? [context.options.signal] : [])];
  const signal = AbortSignal.any(signals);
  const requests = [...wantedImages(context, indices)].map(async ([key, wanted]) => {
    try {
      const { reference, platform, description } = wanted;
      const image = await resolver.resolveImageConfig(reference, { platform, signal, description });
      context.images.set(key, image);
    } catch (error) {
      if (!failure.signal.aborted) failure.abort(explain(context, wanted, error));
      throw error;
    }
  });
  const failed = (await Promise.allSettled(requests)).some((result) => result.status === "rejected");
  if (failed) throw failure.signal.reason;
}

/** Those that BuildKit suggests. */
const commonImages = ["alpine", "busybox", "centos", "debian", "golang", "ubuntu", "fedora"].flatMap(
  (name) => [name, `${name}:latest`],
);

/** Adds the line that names the image, and the stage that was perhaps meant. */
function explain(context: ConvertContext, { name, location }: WantedImage, error: unknown): unknown {
  if (!(error instanceof CodedError)) return error;
  error.location ??= location;
  const stages = context.graph.stages.map((stage) => stage.displayName);
  error.message += didYouMean(name, [...stages, ...commonImages]);
  return error;
}

function wantedImages(context: ConvertContext, indices: Iterable<number>): Map<string, WantedImage> {
  const wanted = new Map<string, WantedImage>();
  const want = (base: StageBase, platform: Platform, location: SourceLocation) => {
    if (base.kind !== "image") return;
    const { name, reference } = base;
    const key = imageKey(reference, platform);
    if (context.images.has(key) || wanted.has(key)) return;
    const prefix = context.options.showPlatform ? `${formatPlatform(platform)} ` : "";
    const description =
      base.context === undefined
        ? `[${prefix}internal] load metadata for ${reference}`
        : `[context ${base.context}] load metadata for ${name}`;
    wanted.set(key, { name, reference, description, platform, location });
  };
  for (const index of indices) {
    const { node, platform, steps } = context.states[index]!;
    want(node.base, platform, node.location);
    for (const { instruction, sources } of steps) {
      const location = locationOf(context.graph.dockerfile, instruction);
      for (const source of sources) want(source, context.graph.platform, location);
    }
  }
  return wanted;
}
