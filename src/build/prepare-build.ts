import type { ConvertResult } from "../dockerfile/index.ts";
import type { SolveRequest } from "../engine/index.ts";
import { BuildError } from "./build-error.ts";
import { createBuildSession } from "./build-session.ts";
import type { BuildEnvironment, BuildOptions } from "./options.ts";
import { planBuild } from "./plan-build.ts";
import type { DockerfileText } from "./read-dockerfile.ts";
import { defaultJobs, StepEngine } from "./step-engine.ts";

/** Everything that a build knows before its first step; dispose it to end what it started. */
export class PreparedBuild implements AsyncDisposable {
  readonly steps: StepEngine;
  readonly plan: ConvertResult;
  readonly request: SolveRequest;

  private constructor(steps: StepEngine, plan: ConvertResult, request: SolveRequest) {
    this.steps = steps;
    this.plan = plan;
    this.request = request;
  }

  /** Reads, parses and converts; asks registries for base images that the store does not know.
   * @throws {DockerfileError} | {BuildError} `CONTEXT_NOT_FOUND` | {ContextError} | {RegistryError} */
  static async create(
    dockerfile: DockerfileText,
    options: BuildOptions,
    environment: BuildEnvironment,
  ): Promise<PreparedBuild> {
    const session = createBuildSession(options);
    const { localContexts } = session;
    const steps = new StepEngine({
      ...environment,
      pull: options.pull,
      localContexts,
      cacheFrom: options.cacheFrom ?? [],
    });
    try {
      const plan = await planBuild(dockerfile, options, { ...environment, resolver: steps.resolver });
      if (plan.localContexts.some((name) => !localContexts.has(name))) throw noContext();
      const { jobs = defaultJobs() } = options;
      const { signal } = environment;
      return new PreparedBuild(steps, plan, {
        session,
        project: projectOf(options, dockerfile),
        jobs,
        signal,
      });
    } catch (error) {
      await steps[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.steps[Symbol.asyncDispose]();
  }
}

/** Names a build between runs. */
export function projectOf({ contextDir = "" }: BuildOptions, { path, name }: DockerfileText): string {
  return `${contextDir}\n${path ?? name}`;
}

function noContext(): BuildError {
  return new BuildError("CONTEXT_NOT_FOUND", "COPY and ADD need a build context, and there is none", {
    hint: "Give a directory: slipway build -f FILE DIRECTORY",
  });
}
