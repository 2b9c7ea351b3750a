import { CodedError, type Diagnostic } from "../../errors/index.ts";
import type { ParsedDockerfile } from "../instructions/instruction.ts";
import { lintDockerfile, type LintResult } from "../lint/lint-dockerfile.ts";
import { resolveGlobalArgs, resolveStages, type StageGraph, type StageOptions } from "../stages/index.ts";
import type { ConvertContext } from "./convert-context.ts";
import { createConversion, dispatchStages, prepareStages } from "./convert-stages.ts";
import { sourceDateEpoch } from "./epoch.ts";
import type { ConvertOptions, ImageConfigResolver } from "./options.ts";
import { lintStages } from "./warnings.ts";

/** What can be said of a file without building it. */
export interface CheckResult {
  /** In the order in which BuildKit finds them. */
  readonly warnings: readonly Diagnostic[];
  /** What Slipway has to say beside BuildKit's checks, in file order. */
  readonly remarks: readonly Diagnostic[];
  /** Why a build would fail before its first step: what is wrong with the file, an image that is not found, or warnings in a
   * file with `check=error=true`. */
  readonly error: CodedError | undefined;
}

/** Checks a target, or, where none is named, every stage of a file, as far as a build goes before its first step. Asks for the
 * images of these stages.
 * @throws what is neither an error of the file nor of an image */
export async function checkStages(
  dockerfile: ParsedDockerfile,
  stageOptions: StageOptions,
  { options, resolver }: { readonly options: ConvertOptions; readonly resolver: ImageConfigResolver },
): Promise<CheckResult> {
  let graph: StageGraph;
  try {
    graph = resolveStages(dockerfile, stageOptions);
  } catch (error) {
    return withFailure(codedError(error), () => lintText(dockerfile, stageOptions));
  }
  const isWhole = !stageOptions.target;
  const context = createConversion(graph, { ...options, allStages: isWhole }, undefined);
  const failure = await carryOut(context, resolver);
  const dispatched = context.states.filter((state) => state.isDispatched).map(({ node }) => node.index);
  const lastLine = failure?.location?.range.startLine;
  const stages = { stages: new Set(dispatched), ...(lastLine !== undefined && { lastLine }) };
  return withFailure(failure, () => lintStages(context, stages));
}

/** The reason why not all stages could be carried out. */
async function carryOut(
  context: ConvertContext,
  resolver: ImageConfigResolver,
): Promise<CodedError | undefined> {
  try {
    await sourceDateEpoch(context.graph, context.options);
    dispatchStages(context, await prepareStages(context, resolver));
    return undefined;
  } catch (error) {
    return codedError(error);
  }
}

/** What the checks find, and the reason why a build would fail: wrong options of the checks come first. */
function withFailure(failure: CodedError | undefined, lint: () => LintResult): CheckResult {
  try {
    const { error, ...found } = lint();
    return { ...found, error: failure ?? error };
  } catch (error) {
    return { warnings: [], remarks: [], error: codedError(error) };
  }
}

/** The checks that need no stages, for a file whose stages cannot be resolved. */
function lintText(dockerfile: ParsedDockerfile, options: StageOptions): LintResult {
  const { platform, buildArgs = {} } = options;
  const stages = dockerfile.stages.map(() => ({ base: { kind: "scratch" } as const }));
  const globalArgs = resolveGlobalArgs(dockerfile, options);
  return lintDockerfile({ dockerfile, stages, platform, buildArgs, globalArgs }, { stages: new Set() });
}

function codedError(error: unknown): CodedError {
  if (error instanceof CodedError) return error;
  throw error;
}
