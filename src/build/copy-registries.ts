import {
  type Descriptor,
  type Digest,
  familiarReference,
  type ImageReference,
  formatReference,
  parseManifestOrIndex,
} from "../oci/index.ts";
import type { EmitEvent } from "../progress/index.ts";
import type { PushBlob, RegistryClient, RemoteDocument } from "../registry/index.ts";
import { BuildError } from "./build-error.ts";
import { type BesideImage, collectBeside } from "./copy-referrers.ts";
import { reportStep } from "./report-step.ts";
import type { StepEngine } from "./step-engine.ts";

/** An index in an index in an index; more is not made by any tool. */
const maxDepth = 3;

/** Copies what a reference points to, with all platforms and attestations and byte for byte, so that its digest stays. Of what the
 * target has nothing is fetched.
 * @param options.withReferrers what is kept beside it too: referrers, and what cosign finds by tags
 * @throws {RegistryError} | {ContentError} */
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
    const tree = await collect(registry, source, source.digest, 0);
    const manifests = [...tree.below, tree.top];
    const digests = manifests.map(({ descriptor }) => descriptor.digest);
    const beside = withReferrers ? await collectBeside(registry, source, digests) : nothing;
    const blobs = [...tree.blobs, ...beside.blobs].map(
      (descriptor): PushBlob => ({
        descriptor,
        mountFrom: source.domain === target.domain ? source.path : undefined,
        open: async function* () {
          const { content } = steps.store;
          const { digest, size } = descriptor;
          if (!content.touch(digest, size)) await steps.fetchBlob(formatReference(source), descriptor);
          yield* content.stream(digest, size);
        },
      }),
    );
    const onProgress = (blob: Descriptor, current: number) =>
      emit({
        kind: "vertex-status",
        id,
        timeMs: Date.now(),
        item: blob.digest,
        current,
        total: blob.size,
        unit: "bytes",
        isDone: current >= blob.size,
      });
    const { referrers } = beside;
    await registry.push([target], { blobs, documents: manifests, referrers }, { onProgress });
    const { domain, path } = target;
    for (const { tag, document } of beside.tagged)
      await registry.push([{ domain, path, tag }], { blobs: [], documents: [document] });
    return tree.top.descriptor;
  });
}

const nothing: BesideImage = { blobs: [], referrers: [], tagged: [] };

interface DocumentTree {
  readonly top: RemoteDocument;
  /** Manifests before the indexes that name them. */
  readonly below: readonly RemoteDocument[];
  readonly blobs: readonly Descriptor[];
}

async function collect(
  registry: RegistryClient,
  source: ImageReference,
  digest: Digest | undefined,
  depth: number,
): Promise<DocumentTree> {
  const top = await registry.resolveManifest(digest === undefined ? source : { ...source, digest });
  const document = parseManifestOrIndex(top.bytes, top.descriptor.mediaType);
  if (document.kind === "manifest") {
    const { config, layers } = document.manifest;
    return { top, below: [], blobs: [config, ...layers] };
  }
  if (depth >= maxDepth) {
    const message = `Cannot copy ${formatReference(source)}: it is an index within indexes without end`;
    throw new BuildError("BAD_IMAGE", message);
  }
  const { manifests } = document.index;
  const trees = await Promise.all(manifests.map((each) => collect(registry, source, each.digest, depth + 1)));
  return {
    top,
    below: trees.flatMap((tree) => [...tree.below, tree.top]),
    blobs: trees.flatMap(({ blobs }) => blobs),
  };
}
