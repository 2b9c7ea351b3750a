import {
  type Descriptor,
  type Digest,
  digestHex,
  type ImageReference,
  type Manifest,
  OciError,
  parseManifest,
} from "../oci/index.ts";
import { type RegistryClient, RegistryError } from "../registry/index.ts";
import { SignatureError } from "./signature-error.ts";

export const payloadType = "application/vnd.dev.cosign.simplesigning.v1+json";
export const signatureAnnotation = "dev.cosignproject.cosign/signature";

/** Where the signed attestations of an image are: `sha256-<hex>.att` of its repository. */
export function attestationsOf(
  { domain, path }: ImageReference,
  digest: Digest,
): ImageReference & { tag: string } {
  return { domain, path, tag: `sha256-${digestHex(digest)}.att` };
}

/** Claims are below 1 KB; annotations may add to them. */
export const maxPayloadBytes = 64 * 1024;

/** Where the signatures of an image are: `sha256-<hex>.sig` of its repository. */
export function signaturesOf(
  { domain, path }: ImageReference,
  digest: Digest,
): ImageReference & { tag: string } {
  return { domain, path, tag: `sha256-${digestHex(digest)}.sig` };
}

/** The manifest whose layers are the signatures; undefined when there is none.
 * @throws {SignatureError} `SIGNATURES_INVALID` when the tag is something else's; {RegistryError} */
export async function readSignatures(
  place: ImageReference & { tag: string },
  registry: RegistryClient,
): Promise<Manifest | undefined> {
  try {
    const { bytes, descriptor } = await registry.resolveManifest(place);
    return parseManifest(bytes, descriptor.mediaType);
  } catch (error) {
    if (error instanceof RegistryError && error.code === "NOT_FOUND") return undefined;
    if (error instanceof OciError) throw notSignatures(place, "it is an index", error);
    throw error;
  }
}

/** What is not only signatures is somebody else's, and not written anew. @throws {SignatureError} `SIGNATURES_INVALID` */
export function assertOnlySignatures(
  place: ImageReference & { tag: string },
  layers: readonly Descriptor[],
  type = payloadType,
): void {
  const stranger = layers.find(({ mediaType }) => mediaType !== type);
  if (stranger) throw notSignatures(place, `a layer has type ${JSON.stringify(stranger.mediaType)}`);
}

function notSignatures({ tag }: { readonly tag: string }, reason: string, cause?: Error): SignatureError {
  return new SignatureError("SIGNATURES_INVALID", `Cannot read the signatures ${tag}: ${reason}`, { cause });
}
