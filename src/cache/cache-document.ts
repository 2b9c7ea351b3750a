import {
  type Descriptor,
  type DiffID,
  encodeManifest,
  mediaTypes,
  parseDiffID,
  digestOf,
  type ImageConfig,
} from "../oci/index.ts";
import { CacheError } from "./cache-error.ts";

/** The results of a build as they travel: an OCI manifest whose layers are those of the steps, and whose config says which keys
 * each can be found by. */
export interface CacheDocument {
  /** Layers in the order of `layers` of the manifest. */
  readonly layers: readonly CachedLayer[];
  readonly results: readonly CachedResult[];
  /** Contents of cache mounts; absent for none. */
  readonly mounts?: readonly CachedMount[];
}

export interface CachedLayer {
  readonly diffID: DiffID;
  readonly blob: Descriptor;
  /** What the blob is fetched by when it is not in the content store. */
  readonly reference?: string;
}

/** What a cache mount held. */
export interface CachedMount {
  readonly namespace: string;
  readonly id: string;
  /** What it began with: see `CacheMountName` of `content`. */
  readonly base: string;
  /** Index into `layers`. */
  readonly layer: number;
  /** Of its directory. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export interface CachedResult {
  /** 64 hexadecimal digits. */
  readonly key: string;
  /** Index into `layers`. */
  readonly layer: number;
  readonly identity: string;
  readonly createdAtMs: number;
  readonly durationMs: number;
  readonly step: string;
}

export const cacheConfigType = "application/vnd.slipway.cache.config.v1+json";

/** Far above what a build has. */
const maxResults = 100_000;
const maxMounts = 1000;
const maxName = 4096;

/** The bytes of the manifest and of its config. */
export function encodeCache({ layers, results, mounts = [] }: CacheDocument): {
  manifest: Buffer;
  config: Buffer;
  configDescriptor: Descriptor;
} {
  const config = Buffer.from(
    JSON.stringify({
      schemaVersion: 1,
      diffIDs: layers.map(({ diffID }) => diffID),
      results,
      ...(mounts.length > 0 && { mounts }),
    }),
  );
  const configDescriptor = { mediaType: cacheConfigType, digest: digestOf(config), size: config.length };
  const manifest = encodeManifest({
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: configDescriptor,
    layers: layers.map(({ blob: { mediaType, digest, size } }) => ({ mediaType, digest, size })),
  });
  return { manifest: Buffer.from(manifest), config, configDescriptor };
}

/** What a cache holds, from the bytes of its config and the layers of its manifest.
 * @throws {CacheError} `INVALID_CACHE` */
export function parseCache(config: Uint8Array, blobs: readonly Descriptor[]): CacheDocument {
  return parseDocument(parseJson(config), blobs);
}

/** What an image holds beside its layers.
 * @param config bytes of the image's config
 * @param reference names the image, for messages
 * @throws {CacheError} `INVALID_CACHE` */
export function parseInlineCache(
  config: Uint8Array,
  blobs: readonly Descriptor[],
  reference: string,
): CacheDocument {
  const { rootfs, [inlineMember]: member, ...others } = parseJson(config);
  if (member === undefined) throw withoutCache(reference, others);
  const { schemaVersion, results } = asObject(member);
  const { diff_ids: diffIDs } = asObject(rootfs);
  return parseDocument({ schemaVersion, diffIDs, results }, blobs);
}

const inlineMember = "slipway.cache.v1" satisfies keyof ImageConfig;

function withoutCache(reference: string, members: Record<string, unknown>): CacheError {
  const isForeign = "moby.buildkit.cache.v0" in members;
  return new CacheError(
    "INVALID_CACHE",
    `Cannot read ${reference} as a cache: ${isForeign ? "the cache in the image is BuildKit's" : "there is none in the image"}`,
    { hint: "slipway build --cache-to type=inline puts one there" },
  );
}

/** All results of several caches. */
export function joinCaches(caches: readonly CacheDocument[]): CacheDocument {
  const layers: CachedLayer[] = [];
  const results: CachedResult[] = [];
  for (const cache of caches) {
    const offset = layers.length;
    for (const layer of cache.layers) layers.push(layer);
    for (const result of cache.results) results.push({ ...result, layer: result.layer + offset });
  }
  return { layers, results };
}

function parseDocument(
  { schemaVersion, diffIDs, results, mounts = [] }: Record<string, unknown>,
  blobs: readonly Descriptor[],
): CacheDocument {
  if (schemaVersion !== 1) throw invalid(`unknown schema version ${JSON.stringify(schemaVersion)}`);
  if (!Array.isArray(diffIDs) || diffIDs.length !== blobs.length) {
    throw invalid("its config and its manifest name different layers");
  }
  if (!Array.isArray(results) || results.length > maxResults) throw invalid("its results are no list");
  if (!Array.isArray(mounts) || mounts.length > maxMounts) throw invalid("its cache mounts are no list");
  return {
    layers: blobs.map((blob, index) => ({ diffID: toDiffID(diffIDs[index]), blob })),
    results: results.map((result: unknown) => parseResult(result, blobs.length)),
    ...(mounts.length > 0 && { mounts: mounts.map((mount: unknown) => parseMount(mount, blobs.length)) }),
  };
}

function parseJson(bytes: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString());
  } catch (cause) {
    throw new CacheError("INVALID_CACHE", "Cannot read the cache: its config is no JSON", { cause });
  }
  return asObject(value);
}

function asObject(value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  throw invalid("its config is no object");
}

function parseResult(value: unknown, layerCount: number): CachedResult {
  const result = (value ?? {}) as Partial<Record<keyof CachedResult, unknown>>;
  const { key, layer, identity, createdAtMs, durationMs, step } = result;
  const isResult =
    typeof key === "string" &&
    /^[0-9a-f]{64}$/.test(key) &&
    isBelow(layer, layerCount) &&
    typeof identity === "string" &&
    /^[0-9a-f]{64}$/.test(identity) &&
    isTime(createdAtMs) &&
    isTime(durationMs) &&
    typeof step === "string";
  if (isResult) return { key, layer, identity, createdAtMs, durationMs, step };
  throw invalid("one of its results is malformed");
}

function parseMount(value: unknown, layerCount: number): CachedMount {
  const mount = (value ?? {}) as Partial<Record<keyof CachedMount, unknown>>;
  const { namespace, id, base, layer, mode, uid, gid } = mount;
  const isMount =
    isName(namespace) &&
    isName(id) &&
    isName(base) &&
    isBelow(layer, layerCount) &&
    isBelow(mode, 0o10000) &&
    isBelow(uid, 2 ** 32) &&
    isBelow(gid, 2 ** 32);
  if (isMount) return { namespace, id, base, layer, mode, uid, gid };
  throw invalid("one of its cache mounts is malformed");
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value.length <= maxName;
}

function isBelow(value: unknown, limit: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value < limit;
}

/** Milliseconds that a `Date` can hold. */
function isTime(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= 8.64e15;
}

function toDiffID(value: unknown): DiffID {
  try {
    return parseDiffID(String(value));
  } catch (cause) {
    throw new CacheError("INVALID_CACHE", "Cannot read the cache: a diffID is malformed", { cause });
  }
}

function invalid(reason: string): CacheError {
  return new CacheError("INVALID_CACHE", `Cannot read the cache: ${reason}`);
}
