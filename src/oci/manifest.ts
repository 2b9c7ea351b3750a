import type { Descriptor, Index, Manifest } from "./descriptor.ts";
import { parseDigest } from "./digest.ts";
import { compact, JsonReader } from "./json-reader.ts";
import { mediaTypes } from "./media-types.ts";
import { OciError } from "./oci-error.ts";
import type { Platform } from "./platform.ts";

/** Limits far above what tools make: docker stops at 127 layers. An index may list the referrers of years. */
const maxLayers = 1000;
const maxManifests = 20_000;
const maxAnnotations = 1000;

const manifestTypes: readonly string[] = [mediaTypes.ociManifest, mediaTypes.dockerManifest];
const indexTypes: readonly string[] = [mediaTypes.ociIndex, mediaTypes.dockerManifestList];

export type ManifestOrIndex =
  | { readonly kind: "manifest"; readonly manifest: Manifest }
  | { readonly kind: "index"; readonly index: Index };

/** Parses the bytes of a manifest or an index, whichever they are.
 * @param mediaType what a registry's Content-Type or a descriptor says; must agree with the document (a document that could be
 * read as both is an attack, CVE-2021-41190)
 * @throws {OciError} `INVALID_MANIFEST` */
export function parseManifestOrIndex(bytes: Uint8Array | string, mediaType?: string): ManifestOrIndex {
  const document = readDocument(bytes);
  const type = documentType(document, mediaType);
  if (indexTypes.includes(type)) return { kind: "index", index: readIndex(document, type) };
  return { kind: "manifest", manifest: readManifest(document, type) };
}

/** Parses the bytes of an image manifest, OCI or Docker.
 * @throws {OciError} `INVALID_MANIFEST` */
export function parseManifest(bytes: Uint8Array | string, mediaType?: string): Manifest {
  const parsed = parseManifestOrIndex(bytes, mediaType);
  if (parsed.kind === "manifest") return parsed.manifest;
  throw invalid("it is an index of manifests, not a manifest");
}

/** Parses the bytes of an image index (Docker: manifest list).
 * @throws {OciError} `INVALID_MANIFEST` */
export function parseIndex(bytes: Uint8Array | string, mediaType?: string): Index {
  const parsed = parseManifestOrIndex(bytes, mediaType);
  if (parsed.kind === "index") return parsed.index;
  throw invalid("it is a manifest, not an index of manifests");
}

/** Parses the bytes of a registry's answer about referrers. Entries that are no descriptors by these rules (of another digest algorithm, say)
 * are left out: whoever may push decides what is listed.
 * @throws {OciError} `INVALID_MANIFEST` when it is no index */
export function parseReferrers(bytes: Uint8Array): readonly Descriptor[] {
  const document = readDocument(bytes);
  if (!indexTypes.includes(documentType(document, mediaTypes.ociIndex))) throw invalid("it is no index");
  return document.member("manifests").elements(maxManifests).flatMap(tryReadDescriptor);
}

function tryReadDescriptor(reader: JsonReader): readonly Descriptor[] {
  try {
    return [readDescriptor(reader)];
  } catch (error) {
    if (error instanceof OciError) return [];
    throw error;
  }
}

function readDocument(bytes: Uint8Array | string): JsonReader {
  const text = typeof bytes === "string" ? bytes : Buffer.from(bytes).toString();
  try {
    return new JsonReader(JSON.parse(text), invalid);
  } catch (cause) {
    throw new OciError("INVALID_MANIFEST", "Cannot parse manifest: not JSON", { cause });
  }
}

function documentType(document: JsonReader, expected: string | undefined): string {
  const version = document.member("schemaVersion");
  if (version.optional((value) => value.integer()) === 1) {
    throw invalid("schema version 1 is obsolete and not supported; push the image again with a current tool");
  }
  if (version.isAbsent || version.integer() !== 2) throw version.wrong("2");
  const own = document.member("mediaType").optional((value) => value.string());
  const known = [...manifestTypes, ...indexTypes];
  const promised = expected !== undefined && known.includes(expected) ? expected : undefined;
  if (own && promised && own !== promised) {
    throw invalid(`its media type is ${JSON.stringify(own)}, but ${JSON.stringify(promised)} was promised`);
  }
  const guessed = document.member("manifests").isAbsent ? mediaTypes.ociManifest : mediaTypes.ociIndex;
  const type = own || promised || guessed;
  if (!known.includes(type)) throw invalid(`unknown media type ${JSON.stringify(type)}`);
  return type;
}

function readManifest(document: JsonReader, mediaType: string): Manifest {
  if (!document.member("manifests").isAbsent) throw invalid("it has members of both a manifest and an index");
  return compact<Manifest>({
    schemaVersion: 2,
    mediaType,
    ...readArtifact(document),
    config: readDescriptor(document.member("config")),
    layers: document.member("layers").elements(maxLayers).map(readDescriptor),
    annotations: document.member("annotations").optional((value) => value.stringMap(maxAnnotations)),
  });
}

function readIndex(document: JsonReader, mediaType: string): Index {
  if (!document.member("layers").isAbsent || !document.member("config").isAbsent) {
    throw invalid("it has members of both a manifest and an index");
  }
  return compact<Index>({
    schemaVersion: 2,
    mediaType,
    ...readArtifact(document),
    manifests: document.member("manifests").elements(maxManifests).map(readDescriptor),
    annotations: document.member("annotations").optional((value) => value.stringMap(maxAnnotations)),
  });
}

/** What a manifest and an index say alike of themselves as artifacts. */
function readArtifact(document: JsonReader): Pick<Manifest, "artifactType" | "subject"> {
  return compact<Pick<Manifest, "artifactType" | "subject">>({
    artifactType: document.member("artifactType").optional((value) => value.string()),
    subject: document.member("subject").optional(readDescriptor),
  });
}

function readDescriptor(reader: JsonReader): Descriptor {
  const size = reader.member("size");
  if (!Number.isSafeInteger(size.integer())) throw size.wrong("a size");
  return compact<Descriptor>({
    mediaType: reader.member("mediaType").string(),
    digest: readDigest(reader.member("digest")),
    size: size.integer(),
    annotations: reader.member("annotations").optional((value) => value.stringMap(maxAnnotations)),
    platform: reader.member("platform").optional(readPlatform),
    artifactType: reader.member("artifactType").optional((value) => value.string()),
    data: reader.member("data").optional((value) => value.string()),
  });
}

function readDigest(reader: JsonReader) {
  try {
    return parseDigest(reader.string());
  } catch (error) {
    if (!(error instanceof OciError) || error.code !== "INVALID_DIGEST") throw error;
    throw reader.wrong('"sha256:" and 64 hexadecimal digits');
  }
}

function readPlatform(reader: JsonReader): Platform {
  return compact<Platform>({
    os: reader.member("os").optional((value) => value.string()) ?? "",
    architecture: reader.member("architecture").optional((value) => value.string()) ?? "",
    variant: reader.member("variant").optional((value) => value.string()),
    "os.version": reader.member("os.version").optional((value) => value.string()),
  });
}

function invalid(reason: string): OciError {
  return new OciError("INVALID_MANIFEST", `Cannot parse manifest: ${reason}`);
}
