import path from "node:path";
import { addFetchedContext, DefinitionBuilder, type FetchedContext } from "../llb/index.ts";
import { createBuildSession } from "./build-session.ts";
import type { BuildEnvironment, BuildOptions } from "./options.ts";
import { dockerfileLimitBytes, dockerfileNotFound } from "./read-dockerfile.ts";
import { defaultJobs, type StepEngine } from "./step-engine.ts";

/** The options with the Dockerfile as text where it lies in a fetched context. A relative `-f` is relative to the context's root, and
 * never leads out of it; an absolute one is a file of this machine.
 * @throws {BuildError} `DOCKERFILE_NOT_FOUND`; what fetching and unpacking throw */
export async function readFetchedDockerfile(
  options: BuildOptions,
  context: FetchedContext,
  { steps, environment }: { readonly steps: StepEngine; readonly environment: BuildEnvironment },
): Promise<BuildOptions> {
  const { dockerfile } = options;
  if (dockerfile.kind === "text" || (dockerfile.path !== undefined && path.isAbsolute(dockerfile.path)))
    return options;
  const definition = new DefinitionBuilder();
  const root = addFetchedContext(definition, context);
  const { stacks } = await steps.engine.solve([definition.build(root)], {
    session: createBuildSession(options),
    project: "",
    jobs: defaultJobs(),
    signal: environment.signal,
  });
  const lowers = await steps.engine.directoriesOf(stacks[0]!);
  const worker = await steps.worker();
  const names = dockerfile.path === undefined ? ["Dockerfile", "dockerfile"] : [dockerfile.path];
  for (const name of names) {
    const { text } = await worker.readTextFile({
      lowers,
      path: `/${name}`,
      limitBytes: dockerfileLimitBytes,
    });
    if (text !== undefined)
      return { ...options, dockerfile: { kind: "text", text, name: path.basename(name) } };
  }
  throw dockerfileNotFound(names[0]!);
}
