import { createHash } from "node:crypto";
import type { LayerId, PackedBlob, PackInfo, Store } from "../content/index.ts";
import {
  type Descriptor,
  type DiffID,
  type Digest,
  type LayerCompression,
  type LayerTimes,
  parseDiffID,
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
  }): Promise<AssembledLayer>;
}

/** Turns layer directories into tars, each once: what was made before is known from `pack.json`. */
export class LayerPacker {
  readonly #store: Store;
  readonly #tarMaker: () => Promise<TarMaker>;
  readonly #flights = new SingleFlight<string, PackInfo>();
  readonly #forms = new SingleFlight<string, AssembledLayer>();

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
    const found = known && findBlob(this.#store, known, form);
    if (found && this.#store.content.touch(found.blob.digest)) return found;
    const packed = await this.#pack(layer, { form, times });
    return { diffID: packed.diffID, blob: toDescriptor(packed.blobs[0]!) };
  }

  /** The form of a base image's blob that was made before, if it is still in the content store. */
  knownForm(layer: AssembledLayer, form: LayerForm): AssembledLayer | undefined {
    const known = findForm(this.#store, layer, form);
    return known && this.#store.content.touch(known.blob.digest) ? known : undefined;
  }

  /** Another form of a base image's blob, which is in the content store: the same tar, compressed otherwise. */
  async compressAnew({ blob, diffID }: AssembledLayer, form: LayerForm): Promise<AssembledLayer> {
    const key = formKey(blob.digest, form);
    return await this.#forms.do(key, async () => {
      const known = this.knownForm({ blob, diffID }, form);
      if (known) return known;
      const made = await (await this.#tarMaker()).compressAnew({ blob: blob.digest, diffID, ...form });
      // As a record of the cache it goes when its blob does.
      this.#store.cache.put(key, { remote: { blob: toDescriptor(made.blob), diffID: made.diffID } });
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
export function findBlob(store: Store, pack: PackInfo, form: LayerForm): AssembledLayer | undefined {
  const found = pack.blobs.find((blob) => {
    const isAsked = blob.compression === form.compression && blob.level === form.level;
    return isAsked && store.content.has(blob.digest, blob.size);
  });
  return found && { diffID: found.diffID ?? pack.diffID, blob: toDescriptor(found) };
}

/** Another form of a base image's blob, if it was made before and is still in the content store. */
export function findForm(store: Store, layer: AssembledLayer, form: LayerForm): AssembledLayer | undefined {
  const known = parseForm(store.cache.get(formKey(layer.blob.digest, form)), layer.diffID);
  return known && store.content.has(known.blob.digest, known.blob.size) ? known : undefined;
}

function formKey(digest: Digest, { compression, level }: LayerForm): string {
  return createHash("sha256").update(`form ${digest} ${compression} ${level}`).digest("hex");
}

/** @param tarDiffID of the tar, for records that do not name the blob's own */
function parseForm(value: unknown, tarDiffID: DiffID): AssembledLayer | undefined {
  const { blob, diffID = tarDiffID } =
    (value as { remote?: Partial<AssembledLayer> } | undefined)?.remote ?? {};
  if (!blob) return undefined;
  const { digest, size, mediaType, annotations }: Partial<Descriptor> = blob;
  if (typeof size !== "number" || typeof mediaType !== "string" || typeof digest !== "string")
    return undefined;
  const descriptor = toDescriptor({
    mediaType,
    digest: parseDigest(digest),
    size,
    ...(annotations && { annotations }),
  });
  return { diffID: parseDiffID(diffID), blob: descriptor };
}

function toDescriptor({ mediaType, digest, size, annotations }: Descriptor): Descriptor {
  return { mediaType, digest, size, ...(annotations && { annotations }) };
}

function missing(layer: LayerId): ImageError {
  return new ImageError("LAYER_MISSING", `Cannot pack layer ${layer}: it is no longer in the store`, {
    hint: "build the image again",
  });
}
