import type { VertexMetadata } from "../../llb/index.ts";
import { expandForDisplay, type StageStep } from "../stages/index.ts";
import type { ConvertContext } from "./convert-context.ts";
import type { StageState } from "./stage-state.ts";

/** Metadata of the next numbered step of a stage: `[builder 3/4] RUN go build`, with variables replaced for display.
 * @param text the instruction; default: as it was written
 * @param raw keep quotes and unknown variables, as for RUN, whose text is the shell's */
export function nextStep(
  context: ConvertContext,
  state: StageState,
  step: StageStep,
  options: {
    readonly text?: string;
    readonly env?: ReadonlyMap<string, string>;
    readonly raw?: boolean;
  } = {},
): VertexMetadata {
  const escape = context.graph.dockerfile.directives.escape;
  const text = expandForDisplay(options.text ?? step.instruction.original, options.env ?? state.env, {
    escape,
    raw: options.raw ?? false,
  });
  const shown = text.replace(/^[^ ]+/, (keyword) => keyword.toUpperCase());
  const description = numberStep(state, step.isOnbuild ? `ONBUILD ${shown}` : shown);
  const isFilesOnly = step.instruction.kind === "workdir";
  const metadata = context.metadata(state, step, description);
  return state.ignoreCache && !isFilesOnly ? { ...metadata, ignoreCache: true } : metadata;
}

/** Puts the stage's name and the step's number before `text`, and counts it. */
export function numberStep(state: StageState, text: string): string {
  const total = `${state.stepCount}`;
  if (state.stepCount === 0) return text;
  const index = `${++state.stepIndex}`.padStart(total.length);
  return `[${state.label && `${state.label} `}${index}/${total}] ${text}`;
}
