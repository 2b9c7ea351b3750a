import { type Descriptor, parseReference } from "../oci/index.ts";
import type { PushBlob } from "../registry/index.ts";
import type { StepEngine } from "./step-engine.ts";

export interface PushTarget {
  /** Of the registry that is pushed to. */
  readonly domain: string;
  readonly steps: Pick<StepEngine, "store" | "fetchBlob">;
}

/** A blob of the store. What neither the store nor the target has is fetched first.
 * @param reference a normalised one, by which the blob is fetched */
export function toPushBlob(
  descriptor: Descriptor,
  reference: string | undefined,
  { domain, steps }: PushTarget,
): PushBlob {
  const { digest, size } = descriptor;
  const { content } = steps.store;
  return {
    descriptor,
    open: async function* () {
      if (!content.touch(digest, size) && reference !== undefined)
        await steps.fetchBlob(reference, descriptor);
      yield* content.stream(digest, size);
    },
    mountFrom: repositoryAt(domain, reference),
  };
}

/** The repository of a reference, if it is one of this registry. */
function repositoryAt(domain: string, reference: string | undefined): string | undefined {
  if (reference === undefined || reference.includes("://")) return undefined;
  const parsed = parseReference(reference);
  return parsed.domain === domain ? parsed.path : undefined;
}
