import type { FileAction } from "../llb/index.ts";
import { digestSelection, selectSources } from "../tree/index.ts";
import { LayerDigests } from "./layer-digests.ts";
import { LayersTrees } from "./layers-trees.ts";
import { type CopySource, openSource } from "./source-tree.ts";

/** What was read of layers before, shared by all calls of a process. */
export interface ReadBefore {
  readonly digests?: LayerDigests;
  readonly trees?: LayersTrees;
}

/** Content digest of what each action would read from one source; the empty string for an action that copies nothing. The same as
 * `applyFileActions` says after the copy.
 * @throws {TreeError} */
export function digestSources(
  from: CopySource,
  actions: readonly FileAction[],
  { digests = new LayerDigests(), trees = new LayersTrees() }: ReadBefore = {},
): readonly string[] {
  using source = openSource(from, trees);
  return actions.map((action) =>
    action.kind === "copy"
      ? digestSelection(selectSources(source.tree, action), (entry) => digests.digestOf(source, entry))
      : "",
  );
}
