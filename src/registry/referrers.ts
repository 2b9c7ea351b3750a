import type { IncomingMessage } from "node:http";
import {
  type Descriptor,
  type Digest,
  digestHex,
  type Index,
  mediaTypes,
  parseManifestOrIndex,
  parseReferrers,
} from "../oci/index.ts";
import { pagesOf } from "./pages.ts";
import { RegistryError } from "./registry-error.ts";
import { type ResolveContext, resolveDocument, withOciErrors } from "./resolve-image.ts";

/** Far above what an image is told of. */
const maxPages = 100;
/** What registries without the API answer. */
const unsupported = [400, 404, 405, 406, 501];

/** The manifests of a repository that have `subject` as their subject, by the referrers API of the distribution specification, or else by
 * its tag scheme.
 * @param artifactType only those of this type
 * @throws {RegistryError} */
export async function listReferrers(
  context: ResolveContext,
  subject: Digest,
  artifactType?: string,
): Promise<readonly Descriptor[]> {
  const listed =
    (await askApi(context, subject, artifactType)) ?? (await readFallback(context, subject))?.manifests;
  // A registry need not filter.
  return (listed ?? []).filter((each) => artifactType === undefined || each.artifactType === artifactType);
}

/** What several endpoints list, each manifest once.
 * @param results of the mirrors, and last of the registry itself
 * @throws what the registry's own list failed with, unless that cannot be reached and a mirror can */
export function joinLists(
  results: readonly PromiseSettledResult<readonly Descriptor[]>[],
): readonly Descriptor[] {
  const lists = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const own = results.at(-1);
  if (own?.status === "rejected") {
    const isUnreachable = own.reason instanceof RegistryError && own.reason.code === "UNREACHABLE";
    if (!isUnreachable || lists.length === 0) throw own.reason;
  }
  const byDigest = new Map<Digest, Descriptor>();
  for (const each of lists.flat()) if (!byDigest.has(each.digest)) byDigest.set(each.digest, each);
  return [...byDigest.values()];
}

/** The tag that lists the referrers of a manifest in a registry without the API. */
export function fallbackTag(subject: Digest): string {
  return `sha256-${digestHex(subject)}`;
}

/** The index behind the fallback tag; undefined when there is none.
 * @throws {RegistryError} `BAD_RESPONSE` when the tag is something else's */
export async function readFallback(context: ResolveContext, subject: Digest): Promise<Index | undefined> {
  const { domain, path } = context.reference;
  const tag = fallbackTag(subject);
  try {
    const { bytes, descriptor } = await resolveDocument({ ...context, reference: { domain, path, tag } });
    const document = parseManifestOrIndex(bytes, descriptor.mediaType);
    if (document.kind === "index") return document.index;
  } catch (error) {
    if (error instanceof RegistryError && error.code === "NOT_FOUND") return undefined;
    throw error;
  }
  throw new RegistryError("BAD_RESPONSE", `${context.subject}: tag ${tag} is no index of referrers`);
}

/** @returns undefined when the registry has no such API */
async function askApi(
  context: ResolveContext,
  subject: Digest,
  artifactType: string | undefined,
): Promise<readonly Descriptor[] | undefined> {
  const query = artifactType === undefined ? "" : `?${new URLSearchParams({ artifactType }).toString()}`;
  const request = {
    path: `referrers/${subject}${query}`,
    what: "the list of its referrers",
    maxPages,
    headers: { accept: mediaTypes.ociIndex },
    accept: unsupported,
  };
  const found: Descriptor[] = [];
  for await (const { answer, bytes } of pagesOf(context, request)) {
    if (unsupported.includes(answer.statusCode ?? 0) || !isIndex(answer)) return undefined;
    for (const each of withOciErrors(context.subject, () => parseReferrers(bytes))) found.push(each);
  }
  return found;
}

/** Some registries answer everything they do not know with a page for people. */
function isIndex({ headers }: IncomingMessage): boolean {
  return headers["content-type"]?.split(";", 1)[0]!.trim().toLowerCase() === mediaTypes.ociIndex;
}
