import type { IncomingMessage } from "node:http";
import type { EndpointRequest } from "./endpoint-client.ts";
import { maxManifestBytes } from "./limits.ts";
import { RegistryError } from "./registry-error.ts";
import type { ResolveContext } from "./resolve-image.ts";

/** Of all pages of a list together: a million tags. */
const maxListBytes = 32 << 20;

export interface PagesRequest extends Partial<EndpointRequest> {
  readonly path: string;
  /** In messages: `the list of its tags`. */
  readonly what: string;
  /** More are no list but a loop. */
  readonly maxPages: number;
}

/** The answers to a question that a registry may answer page by page, and their bodies.
 * @throws {RegistryError} `BAD_RESPONSE` when there is no end of them, or the next is of another server */
export async function* pagesOf(
  context: ResolveContext,
  { what, maxPages, ...request }: PagesRequest,
): AsyncGenerator<{ readonly answer: IncomingMessage; readonly bytes: Buffer }> {
  const { client, endpoint, subject, signal } = context;
  let path: string | URL | undefined = request.path;
  let listBytes = 0;
  for (let count = 1; path !== undefined; count++) {
    const asked = { method: "GET", ...request, path, subject, signal } as const;
    const page = await client.sendAndRead(endpoint, asked, maxManifestBytes);
    listBytes += page.bytes.length;
    if (count > maxPages || listBytes > maxListBytes)
      throw new RegistryError("BAD_RESPONSE", `${subject}: ${what} has no end`);
    yield page;
    path = await nextPage(context, page.answer);
  }
}

/** RFC 8288, as registries write it: `</v2/app/tags/list?last=b>; rel="next"`. */
async function nextPage(
  { client, endpoint, subject, signal }: ResolveContext,
  { headers }: IncomingMessage,
): Promise<URL | undefined> {
  const target = /<([^<>]*)>\s*;[^,]*\brel="?next\b/i.exec(String(headers["link"] ?? ""))?.[1];
  if (target === undefined) return undefined;
  const base = await client.baseOf(endpoint, signal);
  const url = URL.canParse(target, base.href) ? new URL(target, base) : undefined;
  // Behind a proxy that ends TLS, registries often take themselves for plain ones.
  if (url?.host === base.host) url.protocol = base.protocol;
  if (url?.origin === base.origin) return url;
  throw new RegistryError("BAD_RESPONSE", `${subject}: its next page is of another server`);
}
