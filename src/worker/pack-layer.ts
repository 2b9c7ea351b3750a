import type { PackedBlob, Store } from "../content/index.ts";
import {
  layerEntries,
  type OpaqueXattr,
  type PackResult,
  packTar,
  recompress,
  setEntryTimes,
} from "../layer/index.ts";
import { type LayerCompression, mediaTypes } from "../oci/index.ts";
import type { PackedLayer, WorkerApi } from "./protocol.ts";
import { WorkerError } from "./worker-error.ts";

type Request = Parameters<WorkerApi["packLayer"]>[0];

/** Of layers, by their compression. */
export const layerTypes: Readonly<Record<LayerCompression, string>> = {
  none: mediaTypes.ociLayer,
  gzip: mediaTypes.ociLayerGzip,
  estargz: mediaTypes.ociLayerGzip,
  zstd: mediaTypes.ociLayerZstd,
};

/** Makes the tar of a layer, unless it is known already; what was found out is kept beside the layer. */
export async function packLayer(
  store: Store,
  opaqueXattr: OpaqueXattr,
  request: Request,
): Promise<PackedLayer> {
  const { layer, compression, level, times } = request;
  const known = store.layers.readPack(layer, times);
  const blob = known?.blobs.find(
    (one) => isWanted(one, request) && store.content.touch(one.digest, one.size),
  );
  if (known && (blob || compression === undefined)) return describe(known, blob);
  const entries = setEntryTimes(layerEntries(store.layers.fsOf(layer), { opaqueXattr }), times);
  if (compression === undefined) {
    const result = await packTar(entries, undefined);
    store.layers.addPack(layer, { ...result, blobs: [] }, times);
    return describe(result);
  }
  using writer = store.content.createWriter();
  const sink = { write: (chunk: Buffer) => writer.write(chunk) };
  const { extended, ...result } = await packTar(entries, sink, { compression, level });
  if (known && known.diffID !== result.diffID) throw notOurs(request);
  await writer.sync();
  const { digest, sizeBytes } = writer.commit();
  const mediaType = layerTypes[compression];
  const form = { compression, ...(level !== undefined && { level }) };
  const packed = { digest, size: sizeBytes, mediaType, ...form, ...extended };
  store.layers.addPack(layer, { ...result, blobs: [packed] }, times);
  return describe(result, packed);
}

/** Stores another form of a blob: the same tar, compressed otherwise. */
export async function compressAnew(
  store: Store,
  { blob, diffID, compression, level }: Parameters<WorkerApi["compressAnew"]>[0],
): ReturnType<WorkerApi["compressAnew"]> {
  using writer = store.content.createWriter();
  const options = { compression, level, expectedDiffID: diffID };
  const extended = await recompress(
    store.content.pathOf(blob),
    { write: (chunk) => writer.write(chunk) },
    options,
  );
  await writer.sync();
  const { digest, sizeBytes } = writer.commit();
  const made = { mediaType: layerTypes[compression], digest, size: sizeBytes };
  if (!extended) return { diffID, blob: made };
  return { diffID: extended.diffID, blob: { ...made, annotations: extended.annotations } };
}

function isWanted(blob: PackedBlob, { compression, level }: Request): boolean {
  return blob.compression === compression && blob.level === level;
}

function describe({ diffID, tarSizeBytes }: PackResult, blob?: PackedBlob): PackedLayer {
  if (!blob) return { diffID, tarSizeBytes };
  const { digest, size, mediaType, annotations } = blob;
  const descriptor = { digest, size, mediaType, ...(annotations && { annotations }) };
  return { diffID: blob.diffID ?? diffID, tarSizeBytes, blob: descriptor };
}

/** Another tool's tar holds the same files in other bytes, so only its own blob has the image's diffID. */
function notOurs({ layer, compression }: Request): WorkerError {
  const message = `Cannot pack layer ${layer} as ${compression}: it was pulled, and its blob is no longer in the store`;
  return new WorkerError("BLOB_NOT_FOUND", message, { hint: "pull the base image again" });
}
