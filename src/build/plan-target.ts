import type { StepPlan } from "../engine/index.ts";
import type { BuildEnvironment, BuildOptions } from "./options.ts";
import { withContext } from "./with-context.ts";
import { PreparedBuild } from "./prepare-build.ts";
import { readDockerfile } from "./read-dockerfile.ts";

/** What a build would do. */
export interface BuildPlan {
  readonly target: string;
  readonly stagesBuilt: readonly string[];
  readonly stagesSkipped: readonly string[];
  /** Inputs first; images and contexts are no steps. */
  readonly steps: readonly StepPlan[];
}

/** What `build` would do with these options now. Runs no step and makes no layer; the network is asked what `build` would ask it to
 * know whether something changed: base images that the store does not know, URLs and refs without a pin, a remote context, which
 * the store keeps.
 * @throws what `build` throws before its first step */
export async function planTarget(options: BuildOptions, environment: BuildEnvironment): Promise<BuildPlan> {
  return await withContext(options, environment, (fetched) => planFetched(fetched, environment));
}

async function planFetched(options: BuildOptions, environment: BuildEnvironment): Promise<BuildPlan> {
  await using prepared = await PreparedBuild.create(readDockerfile(options), options, environment);
  const { plans, steps, request } = prepared;
  const { target, stagesBuilt, stagesSkipped } = prepared.shared;
  const definitions = plans.map(({ definition }) => definition);
  const planned = await steps.engine.plan(definitions, request);
  return {
    target,
    stagesBuilt,
    stagesSkipped,
    steps: planned.filter(({ vertex }) => vertex.op.kind === "exec" || vertex.op.kind === "file"),
  };
}
