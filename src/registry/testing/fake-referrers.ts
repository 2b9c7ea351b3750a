import type { ServerResponse } from "node:http";
import { type Descriptor, digestOf, mediaTypes } from "../../oci/index.ts";

interface Stored {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

interface ArtifactManifest {
  readonly artifactType?: string;
  readonly subject?: Descriptor;
  readonly annotations?: Record<string, string>;
}

export interface ReferrersRequest {
  readonly target: URL;
  readonly repository: string;
  readonly manifests: ReadonlyMap<string, Stored>;
  readonly perPage: number;
}

/** The manifest that a manifest is about. */
export function subjectOf(bytes: Uint8Array): string | undefined {
  return (JSON.parse(Buffer.from(bytes).toString()) as ArtifactManifest).subject?.digest;
}

/** Answers the referrers API; does not filter, as a registry may. */
export function sendReferrers(
  response: ServerResponse,
  { target, repository, manifests, perPage }: ReferrersRequest,
): void {
  const subject = target.pathname.split("/").at(-1);
  const found = [...manifests].flatMap(([key, { mediaType, bytes }]) => {
    if (!key.startsWith(`${repository}@`) || subjectOf(bytes) !== subject) return [];
    const { artifactType, annotations } = JSON.parse(Buffer.from(bytes).toString()) as ArtifactManifest;
    return [{ mediaType, digest: digestOf(bytes), size: bytes.length, annotations, artifactType }];
  });
  const from = Number(target.searchParams.get("from") ?? 0);
  const next = from + perPage < found.length ? `${target.pathname}?from=${from + perPage}` : undefined;
  response.writeHead(200, {
    "content-type": mediaTypes.ociIndex,
    ...(next !== undefined && { link: `<${next}>; rel="next"` }),
  });
  const index = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociIndex,
    manifests: found.slice(from, from + perPage),
  };
  response.end(JSON.stringify(index));
}
