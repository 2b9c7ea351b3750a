import { createHash } from "node:crypto";
import type { LayerId, PackedBlob, PackInfo, Store } from "../content/index.ts";
import {
  type Descriptor,
  type DiffID,
  type Digest,
  type LayerCompression,
  type LayerTimes,
  parseDigest,
} from "../oci/index.ts";
import { SingleFlight } from "../util/index.ts";
import type { AssembledLayer } from "./assemble.ts";
import { ImageError } from "./image-error.ts";
import type { LayerForm } from "./layer-form.ts";

/** The part of the worker that makes tars. It keeps what it found out in the layer's `pack.json`. */
export interface TarMaker {
  packLayer(request: {
    layer: LayerId;
    compression?: LayerCompression;
    level?: number;
    times?: LayerTimes;
  }): Promise<{ diffID: DiffID; tarSizeBytes: number; blob?: Descriptor }>;
  compressAnew(request: {
    blob: Digest;
    diffID: DiffID;
    compression: LayerCompression;
    level?: number;
  }): Promise<Descriptor>;
}

/** Turns layer directories into tars, each once: what was made before is known from `pack.json`. */
export class LayerPacker {
  readonly #store: Store;
  readonly #tarMaker: () => Promise<TarMaker>;
  readonly #flights = new SingleFlight<string, PackInfo>();
  readonly #forms = new SingleFlight<string, Descriptor>();

  /** @param tarMaker starts the worker; called only when a tar must be made */
  constructor(store: Store, tarMaker: () => Promise<TarMaker>) {
    this.#store = store;
    this.#tarMaker = tarMaker;
  }

  /** The layer's diffID; its tar is hashed when it never was, and not kept.
   * @throws {ImageError} `LAYER_MISSING` */
  async diffID(layer: LayerId, times?: LayerTimes): Promise<DiffID> {
    const known = this.#store.layers.readPack(layer, times);
    return known ? known.diffID : (await this.#pack(layer, { times })).diffID;
  }

  /** The layer's blob, stored in the content store.
   * @throws {ImageError} `LAYER_MISSING` */
  async blob(layer: LayerId, form: LayerForm, times?: LayerTimes): Promise<AssembledLayer> {
    const known = this.#store.layers.readPack(layer, times);
    const blob = known && findBlob(this.#store, known, form);
    if (blob && this.#store.content.touch(blob.digest)) return { diffID: known.diffID, blob };
    const packed = await this.#pack(layer, { form, times });
    return { diffID: packed.diffID, blob: toDescriptor(packed.blobs[0]!) };
  }

  /** The form of a base image's blob that was made before, if it is still in the content store. */
  knownForm({ digest }: Descriptor, form: LayerForm): Descriptor | undefined {
    const blob = parseForm(this.#store.cache.get(formKey(digest, form)));
    return blob && this.#store.content.touch(blob.digest, blob.size) ? blob : undefined;
  }

  /** Another form of a base image's blob, which is in the content store: the same tar, compressed otherwise. */
  async compressAnew(
    { blob, diffID }: { readonly blob: Descriptor; readonly diffID: DiffID },
    form: LayerForm,
  ): Promise<Descriptor> {
    const key = formKey(blob.digest, form);
    return await this.#forms.do(key, async () => {
      const known = this.knownForm(blob, form);
      if (known) return known;
      const made = await (await this.#tarMaker()).compressAnew({ blob: blob.digest, diffID, ...form });
      // As a record of the cache it goes when its blob does.
      this.#store.cache.put(key, { remote: { blob: toDescriptor(made) } });
      return made;
    });
  }

  #pack(
    layer: LayerId,
    { form, times }: { form?: LayerForm; times: LayerTimes | undefined },
  ): Promise<PackInfo> {
    const key = `${layer} ${form?.compression} ${form?.level} ${times?.rule} ${times?.seconds}`;
    return this.#flights.do(key, async () => {
      if (!this.#store.layers.touch(layer)) throw missing(layer);
      const request = { layer, ...form, ...(times && { times }) };
      const { diffID, tarSizeBytes, blob } = await (await this.#tarMaker()).packLayer(request);
      if (form && !blob) throw new Error(`Internal error: layer ${layer} was packed without a blob`);
      const blobs: PackedBlob[] = form && blob ? [{ ...toDescriptor(blob), ...form }] : [];
      return { diffID, tarSizeBytes, blobs };
    });
  }
}

/** A blob of this form that is still in the content store. */
export function findBlob(store: Store, pack: PackInfo, form: LayerForm): Descriptor | undefined {
  const found = pack.blobs.find((blob) => {
    const isAsked = blob.compression === form.compression && blob.level === form.level;
    return isAsked && store.content.has(blob.digest, blob.size);
  });
  return found && toDescriptor(found);
}

function formKey(digest: Digest, { compression, level }: LayerForm): string {
  return createHash("sha256").update(`form ${digest} ${compression} ${level}`).digest("hex");
}

function parseForm(value: unknown): Descriptor | undefined {
  const blob = (value as { remote?: { blob?: Partial<Descriptor> } } | undefined)?.remote?.blob;
  if (!blob) return undefined;
  const { digest, size, mediaType } = blob;
  if (typeof size !== "number" || typeof mediaType !== "string" || typeof digest !== "string")
    return undefined;
  return { mediaType, digest: parseDigest(digest), size };
}

function toDescriptor({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size };
}

function missing(layer: LayerId): ImageError {
  return new ImageError("LAYER_MISSING", `Cannot pack layer ${layer}: it is no longer in the store`, {
    hint: "build the image again",
  });
}
