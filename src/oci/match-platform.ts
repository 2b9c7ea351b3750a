import type { Descriptor, Index } from "./descriptor.ts";
import { normalizePlatform, type Platform } from "./platform.ts";

/** The manifest of an index that suits a platform best: the same, or one that its processor runs too (an older variant, the
 * 32-bit architecture). An index with one image that names no platform gives that image. Attestations are never chosen.
 * @returns undefined when none suits */
export function matchPlatform(index: Index, platform: Platform): Descriptor | undefined {
  const images = index.manifests.filter(isImageDescriptor);
  const found = bestForPlatform(images, (image) => image.platform, platform);
  return found ?? (images.length === 1 && !images[0]!.platform ? images[0] : undefined);
}

/** The first of `items` that is for `platform`, or for the next best one that its processor runs too. */
export function bestForPlatform<Item>(
  items: readonly Item[],
  platformOf: (item: Item) => Platform | undefined,
  platform: Platform,
): Item | undefined {
  for (const wanted of compatible(normalizePlatform(platform))) {
    const found = items.find((item) => {
      const own = platformOf(item);
      return own !== undefined && isSamePlatform(own, wanted);
    });
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Is this manifest of an index an image, and no attestation of one? */
export function isImageDescriptor({ platform, annotations }: Descriptor): boolean {
  return platform?.os !== "unknown" && annotations?.["vnd.docker.reference.type"] === undefined;
}

/** Two ways to write the same platform are equal. */
export function isSamePlatform(one: Platform, other: Platform): boolean {
  const [a, b] = [normalizePlatform(one), normalizePlatform(other)];
  return a.os === b.os && a.architecture === b.architecture && a.variant === b.variant;
}

/** Platforms whose programs run on `platform`, best first: containerd's order (platforms.Only). */
function compatible(platform: Platform): readonly Platform[] {
  const { os, architecture, variant } = platform;
  const variants = (arch: string, list: readonly string[]) =>
    list.map((each) => normalizePlatform({ os, architecture: arch, ...(each ? { variant: each } : {}) }));
  switch (architecture) {
    case "amd64":
      return [platform, ...variants("amd64", below(variant, 1)), ...variants("386", [""])];
    case "arm":
      return [platform, ...variants("arm", below(variant, 5))];
    case "arm64":
      return [
        platform,
        ...variants("arm64", olderArm64(variant)),
        ...variants("arm", ["v8", "v7", "v6", "v5"]),
      ];
    default:
      return [platform];
  }
}

/** `v3` down to `lowest`: `v2`, `v1`. */
function below(variant: string | undefined, lowest: number): string[] {
  const version = /^v(\d)$/.exec(variant ?? "")?.[1];
  const list: string[] = [];
  for (let number = Number(version ?? 0) - 1; number >= lowest; number--) list.push(`v${number}`);
  return list;
}

/** v9.x runs v9.(x-1) … v9, then v8.(x+5) … v8: it diverged from v8.5. */
function olderArm64(variant = "v8"): string[] {
  const [, major, minor] = /^v([89])(?:\.(\d))?$/.exec(variant) ?? [];
  if (!major) return [];
  const from = (version: number, first: number) =>
    Array.from({ length: Math.max(first + 1, 0) }, (_, index) => first - index).map((each) =>
      each === 0 ? `v${version}` : `v${version}.${each}`,
    );
  const older = from(Number(major), Number(minor ?? 0) - 1);
  return major === "9" ? [...older, ...from(8, Number(minor ?? 0) + 5)] : older;
}
