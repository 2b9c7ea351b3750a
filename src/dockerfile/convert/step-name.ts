import { redactUrls } from "../../errors/index.ts";
import type { VertexMetadata } from "../../llb/index.ts";
import {
  formatPlatform,
  normalizePlatform,
  OciError,
  parsePlatform,
  type Platform,
} from "../../oci/index.ts";
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
  const named = step.instruction.kind === "add" ? redactUrls(text) : text;
  const shown = named.replace(/^[^ ]+/, (keyword) => keyword.toUpperCase());
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
  const labels = [state.showPlatform ? platformLabel(state) : "", state.label, `${index}/${total}`];
  return `[${labels.filter(Boolean).join(" ")}] ${text}`;
}

/** `linux/amd64`, or `linux/amd64->arm64` where the stage was told what it works for. */
function platformLabel({ platform, env }: StageState): string {
  const own = formatPlatform(platform);
  const asked = targetPlatform(platform, env);
  const target = asked && normalizePlatform(asked);
  if (target === undefined || formatPlatform(target) === own) return own;
  return target.os === platform.os
    ? `${own}->${formatPlatform(target).slice(target.os.length + 1)}`
    : `${own}->${formatPlatform(target)}`;
}

/** What the target's predefined arguments say, as far as the stage declared them. */
function targetPlatform(platform: Platform, env: ReadonlyMap<string, string>): Platform | undefined {
  const whole = env.get("TARGETPLATFORM");
  if (whole) return tryParsePlatform(whole);
  const [os, architecture, variant] = ["TARGETOS", "TARGETARCH", "TARGETVARIANT"].map((name) =>
    env.get(name),
  );
  if (!os && !architecture && !variant) return undefined;
  return {
    os: os || platform.os,
    architecture: architecture || platform.architecture,
    ...(variant && { variant }),
  };
}

function tryParsePlatform(text: string): Platform | undefined {
  try {
    return parsePlatform(text);
  } catch (error) {
    if (error instanceof OciError) return undefined;
    throw error;
  }
}
