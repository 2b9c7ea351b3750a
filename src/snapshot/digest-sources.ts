import type { FileAction } from "../llb/index.ts";
import { digestSelection, selectSources } from "../tree/index.ts";
import { LayerDigests } from "./layer-digests.ts";
import { type CopySource, openSource } from "./source-tree.ts";

/** Content digest of what each action would read from one source; the empty string for an action that copies nothing. The same as
 * `applyFileActions` says after the copy.
 * @throws {TreeError} */
export function digestSources(
  from: CopySource,
  actions: readonly FileAction[],
  digests = new LayerDigests(),
): readonly string[] {
  using source = openSource(from);
  return actions.map((action) =>
    action.kind === "copy"
      ? digestSelection(selectSources(source.tree, action), (entry) => digests.digestOf(source, entry))
      : "",
  );
}
