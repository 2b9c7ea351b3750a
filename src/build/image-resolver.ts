import type { Store } from "../content/index.ts";
import type { ImageConfigResolver, ResolvedImage, ResolveImageOptions } from "../dockerfile/index.ts";
import { CodedError } from "../errors/index.ts";
import type { LayoutReference } from "../exporter/index.ts";
import {
  documentLimitBytes,
  type ImageRecord,
  ImageStore,
  imagesOf,
  isIndex,
  type OtherManifest,
  platformOf,
  recordId,
  requireImage,
  selectImage,
  type StoredRecord,
} from "../image/index.ts";
import type { SourceOp } from "../llb/index.ts";
import {
  type Descriptor,
  type Digest,
  formatPlatform,
  formatReference,
  hostPlatform,
  type ImageReference,
  isImageDescriptor,
  isSamePlatform,
  normalizePlatform,
  parseIndex,
  parseManifestOrIndex,
  parseReference,
  type Platform,
} from "../oci/index.ts";
import type { EmitEvent } from "../progress/index.ts";
import type { RegistryClient, ResolvedImage as RemoteImage } from "../registry/index.ts";
import { SingleFlight } from "../util/index.ts";
import { layoutName, layoutScheme, parseLayoutReference } from "./layout-reference.ts";
import { reportStep } from "../progress/index.ts";
import { toPulledRecord } from "./to-pulled-record.ts";

export interface ImageResolverOptions {
  readonly store: Store;
  readonly emit: EmitEvent;
  /** Ask the registry even if the store has the image. */
  readonly pull: boolean;
  /** Normalised names that only the store knows. */
  readonly ownImages?: readonly string[];
  /** Created when the network is needed for the first time. */
  readonly registry: () => Promise<RegistryClient>;
}

/** Finds images: in the store by name, or in a registry, which is asked only for what the store lacks or with `pull`.
 * Of an image from a registry only manifest and config are fetched; its layers follow when a step needs them. */
export class ImageResolver implements ImageConfigResolver {
  readonly #options: ImageResolverOptions;
  readonly #images: ImageStore;
  readonly #flights = new SingleFlight<string, ImageRecord>();
  /** One platform of a name after the other: they end up in one record. */
  readonly #turns = new Map<string, Promise<unknown>>();
  /** By source of the build graph. */
  readonly #records = new Map<string, ImageRecord>();

  constructor(options: ImageResolverOptions) {
    this.#options = options;
    this.#images = new ImageStore(options.store);
  }

  async resolveImageConfig(reference: string, options: ResolveImageOptions): Promise<ResolvedImage> {
    const layout = parseLayoutReference(reference);
    const name = layout ? layoutName(layout) : formatReference(parseReference(reference));
    const record = layout
      ? await this.#loadLayout(layout, options)
      : await this.resolve(name, options).catch((error: unknown) => {
          throw unresolved(name, error);
        });
    return this.#resolved(name, record, options.platform);
  }

  /** What `resolveImageConfig` would find of an image in the store; undefined where it would have to ask somebody. */
  knownImageConfig(reference: string, platform: Platform): ResolvedImage | undefined {
    if (parseLayoutReference(reference)) return undefined;
    const name = formatReference(parseReference(reference));
    const record = this.#pulls(name) ? undefined : this.#find(name, platform);
    return record && this.#resolved(name, record, platform);
  }

  #resolved(name: string, record: ImageRecord, platform: Platform): ResolvedImage {
    const digest = record.origin?.digest ?? (`sha256:${recordId(record)}` as Digest);
    this.#records.set(sourceKey(sourceIdentifier(name, digest), platform), record);
    // Of an image from elsewhere the history need not tell of its layers.
    const diffIDs = record.layers.flatMap((layer) => (layer.kind === "blob" ? layer.diffID : []));
    return {
      reference: name,
      digest,
      config: { ...record.config, rootfs: { type: "layers", diff_ids: diffIDs } },
    };
  }

  /** The image of a normalised name for a platform, this machine's if none is given. */
  resolve(name: string, options: Partial<ResolveImageOptions> = {}): Promise<ImageRecord> {
    const { platform = hostPlatform(), description = `[internal] load metadata for ${name}` } = options;
    const id = `internal:load-metadata:${formatPlatform(platform)}:${name}`;
    return this.#flights.do(id, async () => {
      const known = this.#pulls(name) ? undefined : this.#find(name, options.platform);
      return (
        known ??
        (await reportStep(this.#options.emit, { id, name: description }, () =>
          this.#inTurn(name, () => this.#fetch(name, platform)),
        ))
      );
    });
  }

  /** All that a normalised name stands for: the image of the store, or that of a registry with all its platforms.
   * @throws {RegistryError} | {BuildError} `BAD_IMAGE` */
  async resolveWhole(name: string): Promise<StoredRecord> {
    const stored = this.#pulls(name) ? undefined : this.#images.get(name);
    if (stored && !this.#isPart(stored)) return stored;
    const record = await this.fetchWhole(name, stored?.origin?.digest);
    this.#images.setName(name, this.#images.putRecord(record));
    return record;
  }

  /** What a normalised name stands for in its registry, with all its platforms; the store gives it no name.
   * @throws {RegistryError} | {BuildError} `BAD_IMAGE` */
  fetchWhole(name: string, digest?: Digest): Promise<StoredRecord> {
    const step = { id: `internal:load-metadata:${name}`, name: `[internal] load metadata for ${name}` };
    return reportStep(this.#options.emit, step, () => this.#fetchWhole(name, digest));
  }

  /** Is this one of several images of an index, or some of them? */
  #isPart(record: StoredRecord): boolean {
    const { origin } = record;
    if (origin?.reference === undefined) return false;
    if (!isIndex(record)) return record.origin?.manifest.digest !== origin.digest;
    const { content } = this.#options.store;
    if (!content.has(origin.digest)) return true;
    const { manifests } = parseIndex(content.read(origin.digest, documentLimitBytes));
    return manifests.filter(isImageDescriptor).length > record.images.length;
  }

  async #fetchWhole(name: string, digest: Digest | undefined): Promise<StoredRecord> {
    const { content } = this.#options.store;
    const registry = await this.#options.registry();
    const reference = parseReference(name);
    const top = await registry.resolveManifest(digest === undefined ? reference : pin(reference, digest));
    const fetchOne = async (one: Digest) => {
      const found = await registry.resolve(pin(reference, one), hostPlatform());
      content.put(found.manifest.bytes);
      content.put(found.config.bytes);
      return toPulledRecord(name, { ...found, digest: top.descriptor.digest });
    };
    const document = parseManifestOrIndex(top.bytes, top.descriptor.mediaType);
    if (document.kind === "manifest") return await fetchOne(top.descriptor.digest);
    content.put(top.bytes);
    const images = await Promise.all(
      document.index.manifests.filter(isImageDescriptor).map(async ({ digest: one, platform }) => {
        const image = await fetchOne(one);
        return { platform: normalizePlatform(platform ?? platformOf(image)), image };
      }),
    );
    const others = await this.#fetchOthers(name, document.index.manifests);
    const origin = { reference: name, digest: top.descriptor.digest };
    return { kind: "index", images, origin, ...(others.length > 0 && { others }) };
  }

  /** Manifests of an index that are no images: attestations. Without one that is gone the image is still one, but not its index. */
  async #fetchOthers(name: string, manifests: readonly Descriptor[]): Promise<readonly OtherManifest[]> {
    const registry = await this.#options.registry();
    const reference = parseReference(name);
    const found = await Promise.all(
      manifests
        .filter((each) => !isImageDescriptor(each))
        .map(async (manifest): Promise<OtherManifest | undefined> => {
          const found = await registry
            .resolveManifest(pin(reference, manifest.digest))
            .catch(undefinedIfNotFound);
          const document = found && parseManifestOrIndex(found.bytes, found.descriptor.mediaType);
          if (document?.kind !== "manifest") return undefined;
          this.#options.store.content.put(found!.bytes);
          const { config, layers } = document.manifest;
          return { manifest, blobs: [config, ...layers].map(withoutData), reference: name };
        }),
    );
    return found.filter((each) => each !== undefined);
  }

  /** The image of a source that was resolved. */
  recordOf({ identifier, platform = hostPlatform() }: SourceOp): ImageRecord {
    const record = this.#records.get(sourceKey(identifier, platform));
    if (!record) throw new Error(`Internal error: image ${identifier} was not resolved`);
    return record;
  }

  async #loadLayout(reference: LayoutReference, options: ResolveImageOptions): Promise<ImageRecord> {
    const { store, emit } = this.#options;
    const { readLayout } = await import("../exporter/index.ts");
    const id = `internal:load-layout:${formatPlatform(options.platform)}:${layoutName(reference)}`;
    const step = { id, name: options.description };
    return await reportStep(emit, step, () => readLayout(store, reference, options));
  }

  /** Nobody who asks for no platform minds what the only image of a name is for. */
  #find(name: string, platform: Platform | undefined): ImageRecord | undefined {
    const stored = this.#images.get(name);
    if (!stored) return undefined;
    if (platform === undefined && !isIndex(stored)) return stored;
    return selectImage(this.#options.store, stored, platform ?? hostPlatform());
  }

  #pulls(name: string): boolean {
    return this.#options.pull && !this.#options.ownImages?.includes(name);
  }

  async #inTurn(name: string, work: () => Promise<ImageRecord>): Promise<ImageRecord> {
    const turn = (this.#turns.get(name) ?? Promise.resolve()).catch(() => {}).then(work);
    this.#turns.set(name, turn);
    return await turn;
  }

  async #fetch(name: string, platform: Platform): Promise<ImageRecord> {
    const { store } = this.#options;
    const stored = this.#images.get(name);
    // A name that the user gave to an image of his own stays his: no registry knows it.
    const isOwn = stored !== undefined && stored.origin?.reference === undefined;
    if (isOwn && !this.#pulls(name))
      return requireImage(store, { record: stored, names: [name], id: "" }, platform);
    const found = await this.#ask(name, platform, stored);
    if (found.index) store.content.put(found.index.bytes);
    store.content.put(found.manifest.bytes);
    store.content.put(found.config.bytes);
    const record = toPulledRecord(name, found);
    this.#images.setName(name, this.#images.putRecord(withPlatform(stored, record)));
    return record;
  }

  /** Another platform of what the store has is taken from the same index, so that one build has one version of an image. */
  async #ask(name: string, platform: Platform, stored: StoredRecord | undefined): Promise<RemoteImage> {
    const registry = await this.#options.registry();
    const reference = parseReference(name);
    const digest = stored?.origin?.reference === undefined ? undefined : stored.origin.digest;
    if (digest !== undefined && !this.#pulls(name)) {
      try {
        return await registry.resolve(pin(reference, digest), platform);
      } catch (error) {
        if ((error as { code?: unknown }).code !== "NOT_FOUND") throw error;
      }
    }
    return await registry.resolve(reference, platform);
  }
}

/** What a registry failed with, as BuildKit says it of an image that a build needs. */
function unresolved(name: string, error: unknown): unknown {
  const subject = "Cannot pull ";
  if (!(error instanceof CodedError) || !error.message.startsWith(`${subject}${name}: `)) return error;
  const reason = error.message.slice(subject.length);
  const isNamed = error.code === "NOT_FOUND" || error.code === "UNAUTHORIZED";
  error.message = `failed to resolve source metadata for ${name}: ${isNamed ? reason : reason.slice(name.length + 2)}`;
  return error;
}

function undefinedIfNotFound(error: unknown): undefined {
  if ((error as { code?: unknown }).code !== "NOT_FOUND") throw error;
}

/** Its bytes are a blob like any other. */
function withoutData({ data: _data, ...descriptor }: Descriptor): Descriptor {
  return descriptor;
}

function pin(reference: ImageReference, digest: Digest): ImageReference {
  return { ...reference, digest };
}

/** Adds an image to the others of its index. */
function withPlatform(stored: StoredRecord | undefined, record: ImageRecord): StoredRecord {
  const { origin } = record;
  if (!stored || !origin || stored.origin?.digest !== origin.digest) return record;
  if (stored.origin.reference !== origin.reference) return record;
  const platform = normalizePlatform(platformOf(record));
  const others = imagesOf(stored).filter((image) => !isSamePlatform(platformOf(image), platform));
  if (others.length === 0) return record;
  const images = [...others, record].map((image) => ({
    platform: normalizePlatform(platformOf(image)),
    image,
  }));
  const { reference, digest } = origin;
  return { kind: "index", images, origin: { ...(reference !== undefined && { reference }), digest } };
}

function sourceIdentifier(name: string, digest: Digest): string {
  if (name.startsWith(layoutScheme)) return `${name}@${digest}`;
  return `docker-image://${name.replace(/@.*$/, "")}@${digest}`; // the name may have a digest of its own
}

function sourceKey(identifier: string, platform: Platform): string {
  return `${formatPlatform(normalizePlatform(platform))} ${identifier}`;
}
