import { type Digest, parseReference } from "../../oci/index.ts";
import type { StepEngine } from "../step-engine.ts";
import type { WantedSource } from "./source-lock.ts";

/** Asks where a URL or a repository's ref leads now.
 * @returns digest of the bytes, or the commit */
export async function currentVersion(
  source: Exclude<WantedSource, { kind: "image" }>,
  steps: StepEngine,
): Promise<string> {
  const sources = await steps.remoteSources();
  if (source.kind === "url") return (await sources.fetchHttp({ url: source.url })).digest;
  const { remote, ref } = source;
  return (await sources.resolveGit({ remote, ...(ref !== undefined && { ref }) })).commit;
}

/** Asks a registry where the tag of an image leads now; nothing of the image is fetched. */
export async function currentDigest(name: string, steps: StepEngine): Promise<Digest> {
  const registry = await steps.registry();
  return await registry.resolveDigest(parseReference(name));
}
