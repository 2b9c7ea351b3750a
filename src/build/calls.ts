import { CodedError } from "../errors/index.ts";
import type { CheckResult, Outline, Target } from "../dockerfile/index.ts";
import { createBuildSession } from "./build-session.ts";
import type { BuildEnvironment, BuildOptions } from "./options.ts";
import { noDevices, type PlanInput, planInput } from "./plan-input.ts";
import { type DockerfileText, readDockerfile } from "./read-dockerfile.ts";
import { StepEngine } from "./step-engine.ts";

/** What is asked of a build instead of an image, with the file that it was asked of. Nothing is run, and no layer fetched. */
export type Answer<Result> = Result & { readonly dockerfile: DockerfileText };

/** Runs the build checks over a target, or over all stages where none is named. What is wrong with the file is in the result.
 * @throws {BuildError} when the file cannot be read */
export async function checkBuild(
  options: BuildOptions,
  environment: BuildEnvironment,
): Promise<Answer<CheckResult>> {
  const dockerfile = readDockerfile(options);
  await using steps = openImages(options, environment);
  let input: PlanInput;
  try {
    input = await planInput(dockerfile, options, environment);
  } catch (error) {
    if (error instanceof CodedError) return { dockerfile, warnings: [], remarks: [], error };
    throw error;
  }
  const { stageOptions, convertOptions } = input;
  const convert = { options: { ...convertOptions, ...noDevices }, resolver: steps.resolver };
  const { checkStages } = await import("../dockerfile/index.ts");
  return { dockerfile, ...(await checkStages(input.dockerfile, stageOptions, convert)) };
}

/** Finds the parameters that a target takes.
 * @throws what `build` throws before its first step */
export async function outlineBuild(
  options: BuildOptions,
  environment: BuildEnvironment,
): Promise<Answer<Outline>> {
  const text = readDockerfile(options);
  await using steps = openImages(options, environment);
  const { dockerfile, stageOptions, convertOptions } = await planInput(text, options, environment);
  const { outlineTarget, resolveStages } = await import("../dockerfile/index.ts");
  const graph = resolveStages(dockerfile, stageOptions);
  return {
    dockerfile: text,
    ...(await outlineTarget(graph, { ...convertOptions, ...noDevices }, steps.resolver)),
  };
}

/** Lists the stages of a file.
 * @throws {DockerfileError} | {BuildError} */
export async function targetsOfBuild(
  options: BuildOptions,
  environment: BuildEnvironment,
): Promise<Answer<{ readonly targets: readonly Target[] }>> {
  const text = readDockerfile(options);
  const { dockerfile } = await planInput(text, options, environment);
  const { listTargets } = await import("../dockerfile/index.ts");
  return { dockerfile: text, targets: listTargets(dockerfile) };
}

function openImages(options: BuildOptions, environment: BuildEnvironment): StepEngine {
  const { localContexts } = createBuildSession(options);
  return new StepEngine({ ...environment, pull: options.pull, localContexts });
}
