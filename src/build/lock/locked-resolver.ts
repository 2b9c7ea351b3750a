import type { Store } from "../../content/index.ts";
import type { ImageConfigResolver, ResolvedImage, ResolveImageOptions } from "../../dockerfile/index.ts";
import { ImageStore } from "../../image/index.ts";
import { type Digest, formatPlatform, formatReference, parseReference } from "../../oci/index.ts";
import { BuildError } from "../build-error.ts";
import type { ImageResolver } from "../image-resolver.ts";
import { layoutScheme } from "../layout-reference.ts";
import type { LockedImage } from "./lock-file.ts";
import type { SourceLock } from "./source-lock.ts";

export interface LockedResolverOptions {
  readonly resolver: ImageResolver;
  /** For images that no registry knows; default: the same. */
  readonly localResolver?: ImageResolver;
  readonly pins: SourceLock;
  readonly store: Store;
}

/** Finds images as a lock pins them; those that it does not know, or that have a digest already, as ever. Remembers what was found. */
export class LockedResolver implements ImageConfigResolver {
  /** By name, for the platforms that were asked for. */
  readonly found = new Map<string, LockedImage>();
  readonly #resolver: ImageResolver;
  readonly #localResolver: ImageResolver;
  readonly #lock: SourceLock;
  readonly #images: ImageStore;

  constructor({ resolver, localResolver = resolver, pins, store }: LockedResolverOptions) {
    this.#resolver = resolver;
    this.#localResolver = localResolver;
    this.#lock = pins;
    this.#images = new ImageStore(store);
  }

  async resolveImageConfig(reference: string, options: ResolveImageOptions): Promise<ResolvedImage> {
    if (reference.startsWith(layoutScheme))
      return await this.#resolver.resolveImageConfig(reference, options);
    const parsed = parseReference(reference);
    if (parsed.digest !== undefined) return await this.#resolver.resolveImageConfig(reference, options);
    const name = formatReference(parsed);
    const locked = this.#lock.image(name, options.platform);
    const isLocal = (locked === undefined || locked.local === true) && this.#isLocal(name);
    const pinned = locked && !isLocal && !this.#has(name, locked.digest) ? `${name}@${locked.digest}` : name;
    const resolver = isLocal ? this.#localResolver : this.#resolver;
    const image = await resolver.resolveImageConfig(pinned, options);
    if (locked && image.digest !== locked.digest) throw moved(name, locked.digest, image.digest);
    const { origin } = await resolver.resolve(pinned, options);
    const manifest = origin?.manifest?.digest ?? image.digest;
    const platforms = { ...this.found.get(name)?.platforms, [formatPlatform(options.platform)]: manifest };
    this.found.set(name, { digest: image.digest, platforms, ...(isLocal && { local: true }) });
    return image;
  }

  /** No registry is asked for what is here under its name. */
  #has(name: string, digest: Digest): boolean {
    return this.#images.get(name)?.origin?.digest === digest;
  }

  #isLocal(name: string): boolean {
    const stored = this.#images.get(name);
    return stored !== undefined && stored.origin?.reference === undefined;
  }
}

/** The error of a source that is another one than was locked. */
export function moved(name: string, before: string, after: string): BuildError {
  return new BuildError("SOURCE_MOVED", `${name} has moved since it was locked: ${before} → ${after}`, {
    hint: `accept that with slipway lock --update ${name}`,
  });
}
