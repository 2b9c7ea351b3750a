import type { LayerTimes } from "../oci/index.ts";
import type { EmitEvent } from "../progress/index.ts";
import type { BuildOptions, ImageSettings } from "./options.ts";

/** The times that files of new layers get in an image.
 * @param rewrite was `rewrite-timestamp` asked for? */
export function layerTimes(
  epochSeconds: number | undefined,
  { reproducible }: Pick<BuildOptions, "reproducible">,
  rewrite: boolean,
): LayerTimes | undefined {
  if (epochSeconds === undefined) return undefined;
  // What a file's time was before depends on when its step ran, or when the source was checked out.
  if (reproducible) return { rule: "exactly", seconds: epochSeconds };
  return rewrite ? { rule: "at-most", seconds: epochSeconds } : undefined;
}

/** Says so when times were to be rewritten to one that nobody gave. */
export function warnWithoutEpoch(
  epochSeconds: number | undefined,
  settings: readonly ImageSettings[],
  emit: EmitEvent,
): void {
  if (epochSeconds !== undefined || !settings.some(({ rewriteTimestamp }) => rewriteTimestamp)) return;
  emit({ kind: "note", text: "rewrite-timestamp is specified, but no source-date-epoch was found" });
}
