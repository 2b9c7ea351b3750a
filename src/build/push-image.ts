import {
  type AssembledAttestations,
  type AssembledImage,
  assembleImage,
  assembleIndex,
  type AssembleOptions,
  assembleReferrers,
  type ImageRecord,
  imagesOf,
  isIndex,
  type StoredRecord,
} from "../image/index.ts";
import { type Descriptor, familiarReference, type ImageReference, parseReference } from "../oci/index.ts";
import type { EmitEvent } from "../progress/index.ts";
import type { PushBlob, PushImage, RemoteDocument } from "../registry/index.ts";
import { reportBlobs, reportStep } from "../progress/index.ts";
import type { StepEngine } from "./step-engine.ts";
import { type PushTarget, toPushBlob } from "./to-push-blob.ts";

export interface PushOptions {
  readonly steps: StepEngine;
  readonly emit: EmitEvent;
}

/** What was pushed, by what it is pulled. */
export interface PushedImage {
  /** Manifest or index. */
  readonly manifest: Descriptor;
  /** Of an image for one platform. */
  readonly config?: Descriptor;
}

/** Pushes an image of the store under all of `references`, and an index after all its images. What a registry has is not sent
 * again, and not even fetched from where it came from. A reference without tag is pushed by its digest alone.
 * @throws {RegistryError} | {ImageError} | {ContentError} */
export async function pushImage(
  record: StoredRecord,
  references: readonly ImageReference[],
  options: PushOptions,
): Promise<PushedImage> {
  const { steps, emit } = options;
  const names = references.map(familiarReference).join(", ");
  const id = `internal:push:${names}`;
  return await reportStep(emit, { id, name: `pushing ${names}` }, async () => {
    const { images, attestations, documents, top } = await assemble(record, options);
    const kept = images.flatMap(({ image, source }) => referrersOf(image, source, steps));
    const referrers = kept.map(manifestOf);
    const registry = await steps.registry();
    const onProgress = reportBlobs(emit, id);
    for (const [domain, same] of byDomain(references)) {
      const blobs = [
        ...images.flatMap(({ image, source }) => blobsOf(image, source, { domain, steps })),
        ...[...attestations, ...kept].flatMap((each) => attestationBlobs(each, { domain, steps })),
      ];
      await registry.push(same, { blobs, documents, referrers }, { onProgress });
    }
    return top;
  });
}

interface AssembledPush {
  readonly images: readonly { readonly image: AssembledImage; readonly source: ImageRecord }[];
  readonly attestations: readonly AssembledAttestations[];
  readonly top: PushedImage;
  readonly documents: PushImage["documents"];
}

async function assemble(record: StoredRecord, { steps }: PushOptions): Promise<AssembledPush> {
  const options: AssembleOptions = {
    packer: steps.packer,
    fetchBlob: steps.fetchBlob,
    mayLackBlobs: true, // they are fetched when the registry turns out to lack them
  };
  if (!isIndex(record)) {
    const image = await assembleImage(steps.store, record, options);
    return {
      images: [{ image, source: record }],
      attestations: [],
      documents: [manifestOf(image)],
      top: { manifest: image.manifest, config: image.config },
    };
  }
  const { index, images, attestations } = await assembleIndex(steps.store, record, options);
  const sources = imagesOf(record);
  return {
    images: images.map((image, position) => ({ image, source: sources[position]! })),
    attestations,
    top: { manifest: index.descriptor },
    documents: [...images.map(manifestOf), ...attestations.map(manifestOf), index],
  };
}

/** What is said of an image beside it. */
function referrersOf(
  image: AssembledImage,
  { attestations }: ImageRecord,
  { store }: StepEngine,
): readonly AssembledAttestations[] {
  return attestations?.areReferrers ? assembleReferrers(store, image, attestations) : [];
}

function manifestOf({
  manifest,
  manifestBytes,
}: Pick<AssembledImage, "manifest" | "manifestBytes">): RemoteDocument {
  return { descriptor: manifest, bytes: manifestBytes };
}

function blobsOf(
  { config, layers }: AssembledImage,
  source: ImageRecord,
  { domain, steps }: PushTarget,
): PushBlob[] {
  const layerBlobs = layers.map(({ blob }, index): PushBlob => {
    const layer = source.layers[index];
    const reference = layer?.kind === "blob" ? (layer.reference ?? source.origin?.reference) : undefined;
    return toPushBlob(blob, reference, { domain, steps });
  });
  return [...layerBlobs, toPushBlob(config, undefined, { domain, steps })];
}

function attestationBlobs({ blobs, reference }: AssembledAttestations, target: PushTarget): PushBlob[] {
  return blobs.map((blob) => toPushBlob(blob, reference, target));
}

function byDomain(references: readonly ImageReference[]): ReadonlyMap<string, readonly ImageReference[]> {
  const groups = new Map<string, ImageReference[]>();
  for (const reference of references) {
    groups.set(reference.domain, [...(groups.get(reference.domain) ?? []), reference]);
  }
  return groups;
}
