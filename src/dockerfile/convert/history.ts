import type { HistoryEntry } from "../../oci/index.ts";
import { DockerfileError } from "../dockerfile-error.ts";
import { formatEpoch } from "../../util/index.ts";
import type { StageState } from "./stage-state.ts";

/** - `tree`: the step made a layer by an operation, and says so with ` # buildkit`
 * - `layer`: it made a layer all the same (WORKDIR)
 * - `none`: it changed the config only */
export type HistoryKind = "tree" | "layer" | "none";

/** Far above what a registry takes, and below what a few lines of EXPOSE 1-65535, or of many ARGs, can ask for. */
const maxLength = 16 * 1024 * 1024;

/** Adds a history entry; its time is the stage's, or is filled in when the image is finished.
 * @throws {DockerfileError} `DOCKERFILE_INSTRUCTION` when all of them are very long */
export function addHistory(state: StageState, createdBy: string, kind: HistoryKind): void {
  const { epochSeconds } = state;
  const entry: HistoryEntry = {
    ...(epochSeconds !== undefined && { created: formatEpoch(epochSeconds) }),
    created_by: kind === "tree" ? `${createdBy} # buildkit` : createdBy,
    comment: "buildkit.dockerfile.v0",
    ...(kind === "none" && { empty_layer: true }),
  };
  state.image.history = state.image.history.with([entry]);
  state.image.historyLength += createdBy.length;
  if (state.image.historyLength > maxLength)
    throw new DockerfileError(
      "DOCKERFILE_INSTRUCTION",
      `the image's history is longer than ${maxLength} characters`,
    );
}
