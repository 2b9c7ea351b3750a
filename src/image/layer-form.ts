import type { Descriptor, LayerCompression } from "../oci/index.ts";
import type { ImageRecord } from "./image-record.ts";

/** How a layer's tar is stored. */
export interface LayerForm {
  readonly compression: LayerCompression;
  /** Default: the compression's own. */
  readonly level?: number;
}

/** The form of the layers that were made here. */
export function layerFormOf({ form }: Pick<ImageRecord, "form">): LayerForm {
  const { compression = "gzip", level } = form ?? {};
  return { compression, ...(level !== undefined && { level }) };
}

/** Does this blob of a base image go into the image in another form? */
export function isCompressedAnew({ form, origin }: ImageRecord, blob: Descriptor): boolean {
  if (!form?.isForced || origin) return false;
  return compressionOf(blob.mediaType) !== (form.compression ?? "gzip");
}

function compressionOf(mediaType: string): LayerCompression {
  if (mediaType.endsWith("gzip")) return "gzip";
  return mediaType.endsWith("zstd") ? "zstd" : "none";
}
