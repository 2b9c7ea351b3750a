import { createPublicKey, type KeyObject } from "node:crypto";
import {
  type Descriptor,
  type Digest,
  digestOf,
  encodeImageConfig,
  encodeManifest,
  type ImageReference,
  type Manifest,
  mediaTypes,
  parseDiffID,
} from "../oci/index.ts";
import type { PushBlob, RegistryClient } from "../registry/index.ts";
import { encodeClaims } from "./claims.ts";
import { isSignedBy, signBytes } from "./signature.ts";
import {
  assertOnlySignatures,
  payloadType,
  readSignatures,
  signatureAnnotation,
  signaturesOf,
} from "./signature-manifest.ts";

export interface SignOptions {
  readonly key: KeyObject;
  /** Must ask the registry itself: a mirror may not know the newest signatures. */
  readonly registry: RegistryClient;
  /** Further claims. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** The name that is claimed; default: the image's repository. */
  readonly identity?: ImageReference | undefined;
}

export interface SignedImage {
  readonly digest: Digest;
  /** This key had signed the same claims before, and nothing was sent. */
  readonly wasSigned: boolean;
}

/** Signs what a reference points to and adds the signature to those that the registry has of it, as cosign does.
 * @throws {SignatureError} `SIGNATURES_INVALID` | {RegistryError} */
export async function signImage(reference: ImageReference, options: SignOptions): Promise<SignedImage> {
  const { key, registry, annotations, identity = reference } = options;
  const { digest } = (await registry.resolveManifest(reference)).descriptor;
  const payload = encodeClaims(identity, digest, annotations);
  const place = signaturesOf(reference, digest);
  const present = (await readSignatures(place, registry))?.layers ?? [];
  assertOnlySignatures(place, present);
  if (isAmong(present, payload, createPublicKey(key))) return { digest, wasSigned: true };
  const layer: Descriptor = {
    mediaType: payloadType,
    size: payload.length,
    digest: digestOf(payload),
    annotations: { [signatureAnnotation]: signBytes(payload, key) },
  };
  await registry.push([place], toImage([...present, layer], payload));
  return { digest, wasSigned: false };
}

function isAmong(layers: readonly Descriptor[], payload: Buffer, key: KeyObject): boolean {
  const digest = digestOf(payload);
  return layers.some((layer) => {
    return (
      layer.digest === digest && isSignedBy(payload, layer.annotations?.[signatureAnnotation] ?? "", key)
    );
  });
}

/** Only the new payload and the config are sent: the registry has the other payloads. */
function toImage(layers: readonly Descriptor[], payload: Buffer) {
  const diffIds = layers.map(({ digest }) => parseDiffID(digest));
  const config = Buffer.from(
    encodeImageConfig({
      architecture: "",
      os: "",
      created: "0001-01-01T00:00:00Z",
      config: {},
      history: layers.map(() => ({ created: "0001-01-01T00:00:00Z" })),
      rootfs: { type: "layers", diff_ids: diffIds },
    }),
  );
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: { mediaType: mediaTypes.ociConfig, size: config.length, digest: digestOf(config) },
    layers,
  };
  const bytes = Buffer.from(encodeManifest(manifest));
  const descriptor = { mediaType: mediaTypes.ociManifest, size: bytes.length, digest: digestOf(bytes) };
  const blobs = [blobOf(config, manifest.config), blobOf(payload, layers.at(-1)!)];
  return { blobs, documents: [{ descriptor, bytes }] as const };
}

function blobOf(bytes: Buffer, descriptor: Descriptor): PushBlob {
  return {
    descriptor,
    open: async function* () {
      yield await Promise.resolve(bytes);
    },
  };
}
