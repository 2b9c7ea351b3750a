import { formatEpoch } from "./epoch.ts";
import type { StageState } from "./stage-state.ts";

/** - `tree`: the step made a layer by an operation, and says so with ` # buildkit`
 * - `layer`: it made a layer all the same (WORKDIR)
 * - `none`: it changed the config only */
export type HistoryKind = "tree" | "layer" | "none";

/** Adds a history entry; its time is the stage's, or is filled in when the image is finished. */
export function addHistory(state: StageState, createdBy: string, kind: HistoryKind): void {
  const { epochSeconds } = state;
  state.image.history.push({
    ...(epochSeconds !== undefined && { created: formatEpoch(epochSeconds) }),
    created_by: kind === "tree" ? `${createdBy} # buildkit` : createdBy,
    comment: "buildkit.dockerfile.v0",
    ...(kind === "none" && { empty_layer: true }),
  });
}
