import type { Store } from "../content/index.ts";
import type { ImageConfigResolver, ResolvedImage, ResolveImageOptions } from "../dockerfile/index.ts";
import type { LayoutReference } from "../exporter/index.ts";
import { type ImageRecord, ImageStore, recordId } from "../image/index.ts";
import {
  type Digest,
  formatReference,
  hostPlatform,
  parseImageConfig,
  parseReference,
  type Platform,
} from "../oci/index.ts";
import type { EmitEvent } from "../progress/index.ts";
import type { RegistryClient } from "../registry/index.ts";
import { SingleFlight } from "../util/index.ts";
import { BuildError } from "./build-error.ts";
import { layoutName, layoutScheme, parseLayoutReference } from "./layout-reference.ts";
import { reportStep } from "./report-step.ts";

export interface ImageResolverOptions {
  readonly store: Store;
  readonly emit: EmitEvent;
  /** Ask the registry even if the store has the image. */
  readonly pull: boolean;
  /** Created when the network is needed for the first time. */
  readonly registry: () => Promise<RegistryClient>;
}

/** Finds images: in the store by name, or in a registry, which is asked only for what the store lacks or with `pull`.
 * Of an image from a registry only manifest and config are fetched; its layers follow when a step needs them. */
export class ImageResolver implements ImageConfigResolver {
  readonly #options: ImageResolverOptions;
  readonly #images: ImageStore;
  readonly #flights = new SingleFlight<string, ImageRecord>();
  /** By the identifier of the source in the build graph. */
  readonly #records = new Map<string, ImageRecord>();

  constructor(options: ImageResolverOptions) {
    this.#options = options;
    this.#images = new ImageStore(options.store);
  }

  async resolveImageConfig(reference: string, options: ResolveImageOptions): Promise<ResolvedImage> {
    const layout = parseLayoutReference(reference);
    const name = layout ? layoutName(layout) : formatReference(parseReference(reference));
    const record = layout ? await this.#loadLayout(layout, options) : await this.resolve(name, options);
    const digest = record.origin?.digest ?? (`sha256:${recordId(record)}` as Digest);
    this.#records.set(sourceIdentifier(name, digest), record);
    return {
      reference: name,
      digest,
      config: { ...record.config, rootfs: { type: "layers", diff_ids: [] } },
    };
  }

  /** The record of a normalised name. */
  resolve(name: string, options: Partial<ResolveImageOptions> = {}): Promise<ImageRecord> {
    const { platform = hostPlatform(), description = `[internal] load metadata for ${name}` } = options;
    const id = `internal:load-metadata:${name}`;
    return this.#flights.do(name, async () => {
      const known = this.#options.pull ? undefined : this.#images.get(name);
      return (
        known ??
        (await reportStep(this.#options.emit, { id, name: description }, () => this.#fetch(name, platform)))
      );
    });
  }

  /** The record of an image that was resolved, by the identifier of its source. */
  recordOf(identifier: string): ImageRecord {
    const record = this.#records.get(identifier);
    if (!record) throw new Error(`Internal error: image ${identifier} was not resolved`);
    return record;
  }

  async #loadLayout(reference: LayoutReference, options: ResolveImageOptions): Promise<ImageRecord> {
    const { store, emit } = this.#options;
    const { readLayout } = await import("../exporter/index.ts");
    const step = { id: `internal:load-layout:${layoutName(reference)}`, name: options.description };
    return await reportStep(emit, step, () => readLayout(store, reference, options));
  }

  async #fetch(name: string, platform: Platform): Promise<ImageRecord> {
    const { store } = this.#options;
    const registry = await this.#options.registry();
    const found = await registry.resolve(parseReference(name), platform);
    store.content.put(found.manifest.bytes);
    store.content.put(found.config.bytes);
    const { rootfs, ...config } = parseImageConfig(found.config.bytes);
    const { layers } = found.manifest.value;
    if (layers.length !== rootfs.diff_ids.length) {
      throw new BuildError(
        "BAD_IMAGE",
        `Cannot use ${name}: ${layers.length} layers, but ${rootfs.diff_ids.length} diffIDs`,
      );
    }
    const record: ImageRecord = {
      config,
      layers: layers.map((blob, index) => ({
        kind: "blob",
        diffID: rootfs.diff_ids[index]!,
        blob,
        reference: name,
      })),
      origin: {
        reference: name,
        digest: found.digest,
        manifest: found.manifest.descriptor,
        config: found.config.descriptor,
      },
    };
    this.#images.setName(name, this.#images.putRecord(record));
    return record;
  }
}

function sourceIdentifier(name: string, digest: Digest): string {
  return name.startsWith(layoutScheme) ? `${name}@${digest}` : `docker-image://${name}@${digest}`;
}
