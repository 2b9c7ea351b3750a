import path from "node:path";
import { configDigestOf } from "../../image/index.ts";
import { type Definition, type SourceOp, toGitSource, toHttpSource } from "../../llb/index.ts";
import { hostPlatform, parseReference } from "../../oci/index.ts";
import { imageUrl, layoutUrl } from "../../packages/index.ts";
import { layoutScheme, parseLayoutReference } from "../layout-reference.ts";
import type { StepEngine } from "../step-engine.ts";
import { digestSet, sourceUrl } from "./request-parameters.ts";

/** A source that went into a build, by digest: a `ResourceDescriptor` of in-toto. */
export interface Material {
  readonly uri: string;
  readonly digest: Readonly<Record<string, string>>;
}

/** The images, files and commits that a solved graph has used, each once, in its order. Nothing is fetched that the build had not. */
export async function materialsOf(definition: Definition, steps: StepEngine): Promise<readonly Material[]> {
  const sources = [...definition.vertices.values()].flatMap(({ op }) => (op.kind === "source" ? op : []));
  const found = await Promise.all(sources.map((op) => materialOf(op, steps)));
  const byText = new Map(found.flatMap((each) => (each ? [[JSON.stringify(each), each] as const] : [])));
  return [...byText.values()];
}

async function materialOf(op: SourceOp, steps: StepEngine): Promise<Material | undefined> {
  const git = toGitSource(op);
  if (git) {
    const { commit } = await (await steps.remoteSources()).fetchGit(git);
    return { uri: sourceUrl(op), digest: { sha1: commit } };
  }
  const http = toHttpSource(op);
  if (http) {
    const { digest } = await (await steps.remoteSources()).fetchHttp(http);
    return { uri: sourceUrl(op), digest: digestSet(digest) };
  }
  return op.identifier.startsWith("local://") ? undefined : await imageMaterial(op, steps);
}

async function imageMaterial(op: SourceOp, steps: StepEngine): Promise<Material> {
  const { platform = hostPlatform(), identifier } = op;
  const record = steps.resolver.recordOf(op);
  // An image that was built here has no manifest before it leaves; its config is what it is known by.
  const digest = digestSet(record.origin?.digest ?? (await configDigestOf(steps.store, record, steps)));
  const layout = identifier.startsWith(layoutScheme) ? parseLayoutReference(identifier) : undefined;
  if (layout) return { uri: layoutUrl(path.basename(layout.directory), layout.tag, platform), digest };
  const { digest: pin, ...reference } = parseReference(identifier.replace(/^docker-image:\/\//, ""));
  // What has a tag was resolved by it; what has none was named by its digest.
  const named = reference.tag === undefined && pin !== undefined ? { ...reference, digest: pin } : reference;
  return { uri: imageUrl(named, platform), digest };
}
