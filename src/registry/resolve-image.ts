import type { IncomingMessage } from "node:http";
import {
  type Descriptor,
  type Digest,
  digestOf,
  formatPlatform,
  type ImageReference,
  type Index,
  type Manifest,
  matchPlatform,
  mediaTypes,
  OciError,
  parseManifestOrIndex,
  type Platform,
} from "../oci/index.ts";
import type { EndpointClient } from "./endpoint-client.ts";
import type { Endpoint } from "./endpoints.ts";
import { maxConfigBytes, maxManifestBytes } from "./limits.ts";
import { RegistryError } from "./registry-error.ts";

/** A small document of a registry: what describes it, and its verified bytes as they came. */
export interface RemoteDocument {
  readonly descriptor: Descriptor;
  readonly bytes: Buffer;
}

export interface ResolvedImage {
  /** What the tag points to: an index or a manifest. A base image is pinned by it. */
  readonly digest: Digest;
  /** Set when the tag points to an index. */
  readonly index?: RemoteDocument;
  /** The manifest of the wanted platform. */
  readonly manifest: RemoteDocument & { readonly value: Manifest };
  readonly config: RemoteDocument;
}

type ParsedDocument = RemoteDocument &
  (
    | { readonly kind: "index"; readonly index: Index }
    | { readonly kind: "manifest"; readonly manifest: Manifest }
  );

export interface ResolveContext {
  readonly client: EndpointClient;
  readonly endpoint: Endpoint;
  readonly reference: ImageReference;
  /** `Cannot pull docker.io/library/golang:latest`. */
  readonly subject: string;
  readonly signal: AbortSignal | undefined;
}

const acceptManifests = [
  mediaTypes.ociIndex,
  mediaTypes.dockerManifestList,
  mediaTypes.ociManifest,
  mediaTypes.dockerManifest,
].join(", ");
const configTypes: readonly string[] = [mediaTypes.ociConfig, mediaTypes.dockerConfig];
const schema1 = /^application\/vnd\.docker\.distribution\.manifest\.v1\+/;
/** An index may name an index; nobody nests deeper. */
const maxIndexDepth = 2;

/** Fetches the manifest of one platform and its config from one endpoint; everything is verified against its digest.
 * @throws {RegistryError} */
export async function resolveImage(context: ResolveContext, platform: Platform): Promise<ResolvedImage> {
  const { tag, digest } = context.reference;
  const top = await fetchManifest(context, digest ?? tag ?? "latest", digest);
  let current = top;
  for (let depth = 0; current.kind === "index"; depth++) {
    const chosen = depth < maxIndexDepth ? matchPlatform(current.index, platform) : undefined;
    if (!chosen) throw noPlatform(context, current.index, platform);
    current = await fetchManifest(context, chosen.digest, chosen.digest, chosen.size);
  }
  const { descriptor, bytes, manifest } = current;
  const config = await fetchConfig(context, manifest.config);
  return {
    digest: top.descriptor.digest,
    ...(top.kind === "index" ? { index: { descriptor: top.descriptor, bytes: top.bytes } } : {}),
    manifest: { descriptor, bytes, value: manifest },
    config,
  };
}

/** The document that the reference names, whatever it describes. */
export async function resolveDocument(context: ResolveContext): Promise<RemoteDocument> {
  const { tag, digest } = context.reference;
  const { descriptor, bytes } = await fetchManifest(context, digest ?? tag ?? "latest", digest);
  return { descriptor, bytes };
}

/** What the reference points to now, without fetching it where the registry says so itself. */
export async function resolveDigest(context: ResolveContext): Promise<Digest> {
  const { tag, digest } = context.reference;
  if (digest) return digest;
  const answer = await context.client.send(context.endpoint, {
    method: "HEAD",
    path: `manifests/${tag ?? "latest"}`,
    headers: { accept: acceptManifests },
    subject: context.subject,
    signal: context.signal,
  });
  answer.resume();
  const told = promisedDigest(answer);
  return told ?? (await fetchManifest(context, tag ?? "latest", undefined)).descriptor.digest;
}

async function fetchManifest(
  context: ResolveContext,
  key: string,
  expected: Digest | undefined,
  expectedSize?: number,
): Promise<ParsedDocument> {
  const { client, endpoint, subject, signal } = context;
  const { answer, bytes } = await client.sendAndRead(
    endpoint,
    { method: "GET", path: `manifests/${key}`, headers: { accept: acceptManifests }, subject, signal },
    maxManifestBytes,
  );
  const digest = digestOf(bytes);
  const wanted = expected ?? promisedDigest(answer);
  if (wanted !== undefined && wanted !== digest) throw mismatch(subject, "manifest", wanted, digest);
  if (expectedSize !== undefined && expectedSize !== bytes.length) {
    throw new RegistryError(
      "BAD_RESPONSE",
      `${subject}: manifest ${digest} has ${bytes.length} bytes, its index says ${expectedSize}`,
    );
  }
  return parseDocument(bytes, digest, answer.headers["content-type"], subject);
}

function parseDocument(
  bytes: Buffer,
  digest: Digest,
  contentType: string | undefined,
  subject: string,
): ParsedDocument {
  const promised = contentType?.split(";", 1)[0]!.trim().toLowerCase();
  if (promised !== undefined && schema1.test(promised)) {
    throw new RegistryError(
      "UNSUPPORTED_MEDIA_TYPE",
      `${subject}: its manifest has the obsolete schema version 1`,
      {
        hint: "push the image again with a current tool",
      },
    );
  }
  const parsed = withOciErrors(subject, () => parseManifestOrIndex(bytes, promised));
  const { mediaType } = parsed.kind === "index" ? parsed.index : parsed.manifest;
  return { ...parsed, descriptor: { mediaType, digest, size: bytes.length }, bytes };
}

/** Adds which image it is. */
export function withOciErrors<Value>(subject: string, parse: () => Value): Value {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof OciError)) throw error;
    const reason = error.message.replace(/^Cannot parse /, "cannot parse ");
    throw new RegistryError("BAD_RESPONSE", `${subject}: ${reason}`, { cause: error });
  }
}

async function fetchConfig(context: ResolveContext, descriptor: Descriptor): Promise<RemoteDocument> {
  const { client, endpoint, subject, signal } = context;
  if (!configTypes.includes(descriptor.mediaType)) {
    const type = JSON.stringify(descriptor.mediaType);
    throw new RegistryError(
      "UNSUPPORTED_MEDIA_TYPE",
      `${subject}: it is not a container image, its config has type ${type}`,
    );
  }
  if (descriptor.size > maxConfigBytes) {
    throw new RegistryError(
      "SIZE_EXCEEDED",
      `${subject}: its config has ${descriptor.size} bytes, more than ${maxConfigBytes}`,
    );
  }
  const { bytes } = await client.sendAndRead(
    endpoint,
    {
      method: "GET",
      path: `blobs/${descriptor.digest}`,
      subject,
      notFound: `the registry lacks its config ${descriptor.digest}`,
      signal,
    },
    descriptor.size,
  );
  const digest = digestOf(bytes);
  if (digest !== descriptor.digest) throw mismatch(subject, "config", descriptor.digest, digest);
  return { descriptor, bytes };
}

function promisedDigest(answer: IncomingMessage): Digest | undefined {
  const header = answer.headers["docker-content-digest"];
  return typeof header === "string" && /^sha256:[0-9a-f]{64}$/.test(header) ? (header as Digest) : undefined;
}

function mismatch(subject: string, what: string, wanted: Digest, got: Digest): RegistryError {
  return new RegistryError(
    "DIGEST_MISMATCH",
    `${subject}: ${what} has the wrong digest: expected ${wanted}, got ${got}`,
  );
}

function noPlatform(context: ResolveContext, index: Index, platform: Platform): RegistryError {
  const offered = index.manifests.flatMap((each) =>
    each.platform && each.platform.os !== "unknown" ? [formatPlatform(each.platform)] : [],
  );
  const list = offered.length === 0 ? "no platform" : [...new Set(offered)].join(", ");
  return new RegistryError(
    "PLATFORM_NOT_FOUND",
    `${context.subject}: no match for platform in manifest: not found`,
    { hint: `it was asked for ${formatPlatform(platform)}, and is there for ${list}` },
  );
}
