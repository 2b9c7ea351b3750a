import {
  formatPlatform,
  formatReference,
  normalizePlatform,
  OciError,
  parseReference,
  type Platform,
} from "../../oci/index.ts";
import { contextName } from "../../session/index.ts";
import type { NamedContext, NamedContexts, StageBase } from "./stage-graph.ts";

export const noContexts: NamedContexts = new Map();

/** The context that a stage's or image's name stands for; one for `platform` alone counts more. */
export function findContext(
  contexts: NamedContexts,
  name: string,
  platform: Platform,
): { readonly key: string; readonly context: NamedContext } | undefined {
  if (contexts.size === 0 || name === "scratch") return undefined;
  const plain = comparableName(name);
  if (plain === undefined) return undefined;
  for (const key of [`${plain}::${formatPlatform(normalizePlatform(platform))}`, plain]) {
    const context = contexts.get(key);
    if (context) return { key, context };
  }
  return undefined;
}

/** A stage may have a name that no image can have; such a name has no context. */
function comparableName(name: string): string | undefined {
  try {
    return contextName(name);
  } catch (error) {
    if (error instanceof OciError) return undefined;
    throw error;
  }
}

/** What a stage stands on, or copies from, where a context takes the place of its name.
 * @param findStage index of a stage, for `target:`
 * @throws {OciError} `INVALID_REFERENCE` */
export function contextBase(
  { key, context }: { readonly key: string; readonly context: NamedContext },
  findStage: (name: string) => number,
): StageBase {
  if (context.kind === "local" || context.kind === "fetched") return { kind: "context", context: key };
  if (context.kind === "stage") return { kind: "stage", index: findStage(context.stage) };
  const { reference } = context;
  if (reference === "scratch") return { kind: "scratch" };
  const isLayout = reference.startsWith("oci-layout://");
  const full = isLayout ? reference : formatReference(parseReference(reference));
  return { kind: "image", name: reference, reference: full, context: key };
}
