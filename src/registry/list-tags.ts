import type { IncomingMessage } from "node:http";
import { maxManifestBytes } from "./limits.ts";
import { RegistryError } from "./registry-error.ts";
import type { ResolveContext } from "./resolve-image.ts";

/** A registry may give its tags page by page; more pages than this are no list but a loop. */
const maxPages = 1000;

/** The tags of the repository at one endpoint.
 * @throws {RegistryError} */
export async function listTags(context: ResolveContext): Promise<readonly string[]> {
  const { client, endpoint, subject, signal } = context;
  const tags = new Set<string>();
  let path: string | URL = "tags/list";
  for (let page = 0; page < maxPages; page++) {
    const request = { method: "GET", path, subject, signal, notFound: "no such repository" } as const;
    const { answer, bytes } = await client.sendAndRead(endpoint, request, maxManifestBytes);
    for (const tag of parseTags(bytes, context)) tags.add(tag);
    const next = nextPage(answer);
    if (next === undefined) return [...tags];
    const base = await client.baseOf(endpoint, signal);
    if (!URL.canParse(next, base.href)) throw unreadable(context);
    path = new URL(next, base);
    // Behind a proxy that ends TLS, registries often take themselves for plain ones.
    if (path.host === base.host) path.protocol = base.protocol;
    if (path.origin !== base.origin) throw unreadable(context);
  }
  throw unreadable(context);
}

function parseTags(bytes: Buffer, context: ResolveContext): readonly string[] {
  let tags: unknown;
  try {
    ({ tags } = JSON.parse(bytes.toString("utf8")) as { tags?: unknown });
  } catch {
    throw unreadable(context);
  }
  if (tags === null || tags === undefined) return []; // a repository whose tags were removed
  if (!Array.isArray(tags)) throw unreadable(context);
  return (tags as unknown[]).map((tag) => {
    if (typeof tag === "string" && /^\w[\w.-]{0,127}$/.test(tag)) return tag;
    throw unreadable(context);
  });
}

/** RFC 8288, as registries write it: `</v2/app/tags/list?last=b>; rel="next"`. */
function nextPage({ headers }: IncomingMessage): string | undefined {
  return /<([^<>]+)>\s*;\s*rel="?next"?/.exec(String(headers["link"] ?? ""))?.[1];
}

function unreadable({ subject, endpoint }: ResolveContext): RegistryError {
  return new RegistryError("BAD_RESPONSE", `${subject}: ${endpoint.host} answered with no list of tags`);
}
