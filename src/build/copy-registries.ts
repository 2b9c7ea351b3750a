import { type Descriptor, familiarReference, formatReference, type ImageReference } from "../oci/index.ts";
import type { EmitEvent } from "../progress/index.ts";
import { collectDocuments } from "./collect-documents.ts";
import { type BesideImage, collectBeside } from "./copy-referrers.ts";
import { reportBlobs, reportStep } from "../progress/index.ts";
import type { StepEngine } from "./step-engine.ts";
import { toPushBlob } from "./to-push-blob.ts";

/** Copies what a reference points to, with all platforms and attestations and byte for byte, so that its digest stays. Of what the
 * target has nothing is fetched.
 * @param options.withReferrers what is kept beside it too: referrers, and what cosign finds by tags
 * @throws {BuildError} `BAD_IMAGE` | {RegistryError} | {ContentError} */
export async function copyBetweenRegistries(
  source: ImageReference,
  target: ImageReference,
  {
    steps,
    emit,
    withReferrers = false,
  }: { readonly steps: StepEngine; readonly emit: EmitEvent; readonly withReferrers?: boolean },
): Promise<Descriptor> {
  const names = `${familiarReference(source)} to ${familiarReference(target)}`;
  const id = `internal:copy:${names}`;
  return await reportStep(emit, { id, name: `copying ${names}` }, async () => {
    const registry = await steps.registry();
    const tree = await collectDocuments(registry, source);
    const manifests = [...tree.below, tree.top];
    const digests = manifests.map(({ descriptor }) => descriptor.digest);
    const beside = withReferrers ? await collectBeside(registry, source, digests) : nothing;
    const fetchedBy = formatReference(source);
    const blobs = [...tree.blobs, ...beside.blobs].map((descriptor) =>
      toPushBlob(descriptor, fetchedBy, { domain: target.domain, steps }),
    );
    const onProgress = reportBlobs(emit, id);
    const { referrers } = beside;
    await registry.push([target], { blobs, documents: manifests, referrers }, { onProgress });
    const { domain, path } = target;
    for (const { tag, document } of beside.tagged)
      await registry.push([{ domain, path, tag }], { blobs: [], documents: [document] });
    return tree.top.descriptor;
  });
}

const nothing: BesideImage = { blobs: [], referrers: [], tagged: [] };
