import type { SolveRequest } from "../engine/index.ts";
import { parseReference } from "../oci/index.ts";
import { checkConfig } from "./check-config.ts";
import { openLock } from "./lock/open-lock.ts";
import { verifyLock } from "./lock/verify-lock.ts";
import { createBuildSession } from "./build-session.ts";
import { normaliseTag } from "./normalise-tag.ts";
import type { BuildEnvironment, BuildOptions } from "./options.ts";
import { planBuild } from "./plan-build.ts";
import type { PlatformPlan } from "./platform-plan.ts";
import type { DockerfileText } from "./read-dockerfile.ts";
import { SshAgents } from "./ssh-agents.ts";
import { defaultJobs, StepEngine } from "./step-engine.ts";

/** Everything that a build knows before its first step; dispose it to end what it started. */
export class PreparedBuild implements AsyncDisposable {
  readonly steps: StepEngine;
  /** One for each platform; at least one. */
  readonly plans: readonly PlatformPlan[];
  readonly request: SolveRequest;
  readonly #agents: SshAgents;

  private constructor(made: {
    readonly steps: StepEngine;
    readonly plans: readonly PlatformPlan[];
    readonly request: SolveRequest;
    readonly agents: SshAgents;
  }) {
    this.steps = made.steps;
    this.plans = made.plans;
    this.request = made.request;
    this.#agents = made.agents;
  }

  /** Reads, parses and converts; asks registries for base images that the store does not know.
   * @throws {DockerfileError} | {BuildError} `LOCK_INVALID` | `NOT_LOCKED` | `SOURCE_MOVED` | {ContextError} | {RegistryError} */
  static async create(
    dockerfile: DockerfileText,
    options: BuildOptions,
    environment: BuildEnvironment,
  ): Promise<PreparedBuild> {
    const agents = new SshAgents(options.ssh ?? [], process.env);
    const session = createBuildSession(options, agents);
    const { localContexts } = session;
    const steps = new StepEngine({
      ...environment,
      pull: options.pull,
      ownImages: options.ownImages ?? [],
      localContexts,
      session,
      cacheFrom: options.cacheFrom ?? [],
      insecureHosts: insecureHostsOf(options),
    });
    try {
      const locked = openLock(dockerfile, options, steps);
      const project = projectOf(options, dockerfile);
      const plans = await planBuild(dockerfile, options, {
        ...environment,
        ...locked,
        project,
        check: (made) => checkConfig(made, options, session),
        knownImage: (reference, platform) => steps.resolver.knownImageConfig(reference, platform),
        sourceTime: async (source) => {
          const { sourceTime } = await import("./source-time.ts"); // reads archives; few builds have a remote context
          return await sourceTime(source, steps);
        },
      });
      if (options.frozen && locked.pins) await verifyLock(locked.pins, steps);
      const { jobs = defaultJobs(), verify = false } = options;
      const { signal } = environment;
      const request = { session, project, jobs, verify, signal };
      return new PreparedBuild({ steps, plans, request, agents });
    } catch (error) {
      await steps[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** What they have in common: the stages are those of one file. */
  get shared(): Pick<PlatformPlan, "target" | "stagesBuilt" | "stagesSkipped"> {
    const { target } = this.plans[0]!;
    const built = new Set(this.plans.flatMap(({ stagesBuilt }) => stagesBuilt));
    const { stagesBuilt, stagesSkipped } = this.plans[0]!;
    const all = [...stagesBuilt, ...stagesSkipped];
    return {
      target,
      stagesBuilt: this.plans.length === 1 ? stagesBuilt : all.filter((stage) => built.has(stage)),
      stagesSkipped: stagesSkipped.filter((stage) => !built.has(stage)),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.steps[Symbol.asyncDispose]();
    await this.#agents[Symbol.asyncDispose]();
  }
}

/** Names a build between runs. */
export function projectOf(
  { contextDir, remoteContext }: BuildOptions,
  { path, name }: DockerfileText,
): string {
  const context = contextDir ?? (remoteContext?.kind === "fetched" ? remoteContext.name : "");
  return `${context}\n${path ?? name}`;
}

/** Registries that `registry.insecure` of an output is for. */
function insecureHostsOf({ outputs, tags }: BuildOptions): readonly string[] {
  const names = outputs.flatMap((output) => {
    if (output.type !== "registry" || !output.isInsecure) return [];
    return output.byDigest?.names ?? output.names ?? tags;
  });
  return names.map((name) => parseReference(normaliseTag(name)).domain);
}
