import { type ProgressMode, progressModes } from "../../progress/index.ts";
import { UsageError } from "../usage-error.ts";

export interface ProgressFlags {
  readonly quiet?: boolean;
  readonly progress?: string;
}

/** How progress is shown: `--quiet`, `--progress`, `SLIPWAY_PROGRESS`, `BUILDKIT_PROGRESS`, in this order. */
export function progressMode(flags: ProgressFlags, env: NodeJS.ProcessEnv): ProgressMode {
  if (flags.quiet) return "quiet";
  const name = flags.progress ?? (env["SLIPWAY_PROGRESS"] || env["BUILDKIT_PROGRESS"] || "auto");
  const mode = progressModes.find((known) => known === name);
  if (mode) return mode;
  throw new UsageError(`Cannot show progress as "${name}": unknown mode`, {
    hint: `modes are ${progressModes.join(", ")}`,
  });
}
