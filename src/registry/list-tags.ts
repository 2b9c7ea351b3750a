import { pagesOf } from "./pages.ts";
import { RegistryError } from "./registry-error.ts";
import type { ResolveContext } from "./resolve-image.ts";

/** Some registries have small ones. */
const maxPages = 1000;

/** The tags of the repository at one endpoint.
 * @throws {RegistryError} */
export async function listTags(context: ResolveContext): Promise<readonly string[]> {
  const request = {
    path: "tags/list",
    what: "the list of its tags",
    maxPages,
    notFound: "no such repository",
  };
  const tags = new Set<string>();
  for await (const { bytes } of pagesOf(context, request)) {
    for (const tag of parseTags(bytes, context)) tags.add(tag);
  }
  return [...tags];
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

function unreadable({ subject, endpoint }: ResolveContext): RegistryError {
  return new RegistryError("BAD_RESPONSE", `${subject}: ${endpoint.host} answered with no list of tags`);
}
