import { type Descriptor, estargzAnnotations, type LayerCompression } from "../oci/index.ts";
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

/** Does the form of the image's layers add something to their tars? Then its id is only known once they have been made. */
export function extendsTars({ form, origin }: ImageRecord): boolean {
  return !origin && form?.compression === "estargz";
}

/** Does this blob of a base image go into the image in another form? */
export function isCompressedAnew({ form, origin }: ImageRecord, blob: Descriptor): boolean {
  if (!form?.isForced || origin) return false;
  return compressionOf(blob) !== (form.compression ?? "gzip");
}

/** By the media type, and what eStargz says of itself. */
export function compressionOf({ mediaType, annotations }: Descriptor): LayerCompression {
  if (annotations?.[estargzAnnotations[0]] !== undefined) return "estargz";
  if (mediaType.endsWith("gzip")) return "gzip";
  return mediaType.endsWith("zstd") ? "zstd" : "none";
}
