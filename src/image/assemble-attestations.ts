import type { Store } from "../content/index.ts";
import { type Descriptor, digestHex, digestOf, encodeManifest, mediaTypes } from "../oci/index.ts";
import type { Attestations, Predicate } from "./image-record.ts";

/** Manifest of the attestations of one image as it travels; what it names is in the content store. */
export interface AssembledAttestations {
  /** As an index tells of it. */
  readonly manifest: Descriptor;
  readonly manifestBytes: Buffer;
  /** Config and statements. */
  readonly blobs: readonly Descriptor[];
  /** Normalised reference that blobs can be fetched by. */
  readonly reference?: string | undefined;
}

/** An image whose digest is known. */
export interface AttestedImage {
  readonly manifest: Descriptor;
  /** Bottom first. */
  readonly layers: readonly { readonly blob: Descriptor }[];
}

/** Far above the largest bill of materials. */
const predicateLimitBytes = 256 << 20;
const artifactType = "application/vnd.docker.attestation.manifest.v1+json";
const emptyJson = Buffer.from("{}");

/** Puts the statements about an image into the content store, and their manifest as BuildKit writes it.
 * @see https://github.com/moby/buildkit/blob/master/docs/attestations/attestation-storage.md
 * @throws {ContentError} `BLOB_NOT_FOUND` when a predicate is gone */
export function assembleAttestations(
  store: Store,
  image: AttestedImage,
  attestations: Attestations,
): AssembledAttestations {
  const { documents, ...assembled } = describeAttestations(store, image, attestations);
  for (const document of documents) store.content.put(document);
  return assembled;
}

/** Puts the statements about an image into the content store, each in a manifest of its own that has the image as its subject.
 * @throws as `assembleAttestations` */
export function assembleReferrers(
  store: Store,
  image: AttestedImage,
  { subjects, predicates }: Attestations,
): readonly AssembledAttestations[] {
  return predicates.map((predicate) => {
    const statement = statementOf(store, image, { subjects, predicate });
    const annotations = { "in-toto.io/predicate-type": predicate.type };
    const layer = { ...describe(statement, mediaTypes.inToto), annotations };
    const config = describe(emptyJson, mediaTypes.ociEmpty);
    const manifest = {
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      artifactType: mediaTypes.inToto,
      config: { ...config, data: emptyJson.toString("base64") },
      layers: [layer],
      subject: describeSubject(image.manifest),
      annotations,
    } as const;
    const manifestBytes = Buffer.from(encodeManifest(manifest));
    for (const bytes of [statement, emptyJson, manifestBytes]) store.content.put(bytes);
    return {
      manifest: describe(manifestBytes, mediaTypes.ociManifest),
      manifestBytes,
      blobs: [config, layer],
    };
  });
}

function describeSubject({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size };
}

/** What `assembleAttestations` makes; nothing is stored.
 * @throws as it does */
export function describeAttestations(
  store: Store,
  image: AttestedImage,
  { subjects, predicates, isImage = false }: Attestations,
): AssembledAttestations & { readonly documents: readonly Buffer[] } {
  const statements = predicates.map((predicate) => statementOf(store, image, { subjects, predicate }));
  const layers = statements.map((bytes, index): Descriptor => {
    const annotations = { "in-toto.io/predicate-type": predicates[index]!.type };
    return { ...describe(bytes, mediaTypes.inToto), annotations };
  });
  const configBytes = isImage ? imageConfig(layers) : emptyJson;
  const config = describe(configBytes, isImage ? mediaTypes.ociConfig : mediaTypes.ociEmpty);
  const { digest } = image.manifest;
  const manifestBytes = Buffer.from(
    encodeManifest({
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      ...(!isImage && { artifactType, subject: describeSubject(image.manifest) }),
      config: isImage ? config : { ...config, data: configBytes.toString("base64") },
      layers,
    }),
  );
  return {
    manifest: {
      ...describe(manifestBytes, mediaTypes.ociManifest),
      annotations: {
        "vnd.docker.reference.digest": digest,
        "vnd.docker.reference.type": "attestation-manifest",
      },
      platform: { architecture: "unknown", os: "unknown" },
    },
    manifestBytes,
    blobs: [config, ...layers],
    documents: [...statements, configBytes, manifestBytes],
  };
}

function describe(bytes: Buffer, mediaType: string): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

/** A statement about an image, by its names. */
function statementOf(
  store: Store,
  { manifest, layers }: AttestedImage,
  { subjects, predicate }: { readonly subjects: readonly string[]; readonly predicate: Predicate },
): Buffer {
  const digest = { sha256: digestHex(manifest.digest) };
  const names = subjects.length === 0 ? ["_"] : subjects;
  const about = names.map((name) => ({ name, digest }));
  return Buffer.from(encodeStatement(store, predicate, about, layers));
}

/** What a statement is about. */
export interface StatementSubject {
  readonly name: string;
  /** 64 hexadecimal digits. */
  readonly digest: { readonly sha256: string };
}

/** A statement of in-toto, JSON.
 * @param layers of the image that it is about, for a predicate that tells of them
 * @throws {ContentError} `BLOB_NOT_FOUND` when the predicate is gone */
export function encodeStatement(
  store: Store,
  predicate: Predicate,
  subject: readonly StatementSubject[],
  layers: AttestedImage["layers"] = [],
): string {
  const head = JSON.stringify({
    _type: "https://in-toto.io/Statement/v1",
    subject,
    predicateType: predicate.type,
  });
  return `${head.slice(0, -1)},"predicate":${readPredicate(store, predicate, layers)}}`;
}

/** What is said, JSON: as it was kept, with the layers of the image where it tells of them and they are given.
 * @throws {ContentError} `BLOB_NOT_FOUND` when it is gone */
export function readPredicate(
  store: Store,
  predicate: Predicate,
  layers: AttestedImage["layers"] = [],
): string {
  const text = store.content.read(predicate.digest, predicateLimitBytes).toString();
  if (!predicate.layers || layers.length === 0) return text;
  const { at, counts } = predicate.layers;
  const value = JSON.parse(text) as Members;
  const holder = at.reduce<Members | undefined>((found, name) => found?.[name] as Members, value);
  if (!holder) throw new Error(`Internal error: predicate ${predicate.digest} has no ${at.join(".")}`);
  const blobs = layers.map(({ blob: { mediaType, digest, size } }) => ({ mediaType, digest, size }));
  // Records are kept with sorted members: the same is said before and after.
  const steps = Object.entries(counts).sort(([one], [other]) => (one < other ? -1 : 1));
  const entries = steps.map(([step, count]) => [step, [blobs.slice(0, count)]] as const);
  holder["layers"] = Object.fromEntries(entries);
  return JSON.stringify(value);
}

type Members = Record<string, unknown>;

/** The older form pretends to be an image whose layers are the statements. */
function imageConfig(layers: readonly Descriptor[]): Buffer {
  const rootfs = { type: "layers", diff_ids: layers.map(({ digest }) => digest) };
  return Buffer.from(JSON.stringify({ architecture: "unknown", os: "unknown", config: {}, rootfs }));
}
