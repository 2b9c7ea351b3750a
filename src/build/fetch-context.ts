import { closeSync, createWriteStream, mkdirSync, openSync } from "node:fs";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import type { FetchedContext } from "../llb/index.ts";
import { redactUrls } from "../errors/index.ts";
import { isTar } from "../layer/index.ts";
import { gitSourceOf, gitSourceOp, httpSourceOp, parseGitReference } from "../llb/index.ts";
import { isErrno } from "../util/index.ts";
import { BuildError } from "./build-error.ts";
import { archiveContextName, createBuildSession } from "./build-session.ts";
import type { BuildEnvironment, BuildOptions } from "./options.ts";
import { readFetchedDockerfile } from "./read-fetched-dockerfile.ts";
import { reportStep } from "../progress/index.ts";
import { StepEngine } from "./step-engine.ts";

/** Name of the only file of a tree that came from a URL or from standard input, as in BuildKit. */
const fileName = "context";

/** Writes an archive into a new directory, for `openArchive`.
 * @throws {BuildError} `NO_SPACE` */
export async function saveArchive(
  bytes: AsyncIterable<Uint8Array>,
  directory: string,
  signal: AbortSignal,
): Promise<void> {
  mkdirSync(directory, { mode: 0o700 });
  try {
    await pipeline(bytes, createWriteStream(path.join(directory, fileName), { mode: 0o600 }), { signal });
  } catch (error) {
    if (!isErrno(error, "ENOSPC", "EDQUOT")) throw error;
    throw new BuildError("NO_SPACE", "Cannot keep the build context of standard input: no space left", {
      cause: error,
    });
  }
}

/** The options with the context in the archive of `directory`, and its Dockerfile.
 * @throws {BuildError} `DOCKERFILE_NOT_FOUND`; what unpacking throws */
export async function openArchive(
  directory: string,
  options: BuildOptions,
  environment: BuildEnvironment,
): Promise<BuildOptions> {
  const context: FetchedContext = {
    op: { kind: "source", identifier: `local://${archiveContextName}` },
    description: "[internal] load remote build context",
    archive: fileName,
  };
  const remoteContext = { kind: "fetched", name: "-", context, directory } as const;
  const fetched = { ...options, remoteContext };
  await using steps = openSteps(fetched, environment);
  return await readFetchedDockerfile(fetched, context, { steps, environment });
}

/** The options with the context that a URL leads to, as it is now, and its Dockerfile.
 * @throws {BuildError} `DOCKERFILE_NOT_FOUND` | `INVALID_CONTEXT`; {SourceError} | {RegistryError} | what unpacking throws */
export async function fetchUrl(
  url: string,
  options: BuildOptions,
  environment: BuildEnvironment,
): Promise<BuildOptions> {
  await using steps = openSteps(options, environment);
  const git = asInvalidContext(url, () => parseGitReference(url));
  const step = { id: "internal:load-context", name: describe(url, git !== undefined) };
  const context = await reportStep(environment.emit, step, () =>
    git ? fetchRepository(url, options, steps) : fetchFile(url, steps),
  );
  const remoteContext = { kind: "fetched", name: redactUrls(url), context } as const;
  // A URL that leads to a Dockerfile and not to an archive is the Dockerfile, whatever -f says.
  const isDockerfile = !git && context.archive === undefined && options.dockerfile.kind === "file";
  const dockerfile = isDockerfile ? ({ kind: "file", path: fileName } as const) : options.dockerfile;
  return await readFetchedDockerfile({ ...options, remoteContext, dockerfile }, context, {
    steps,
    environment,
  });
}

/** From here on the commit is named in full, so that Dockerfile and files are of one. */
async function fetchRepository(
  url: string,
  { buildArgs }: BuildOptions,
  steps: StepEngine,
): Promise<FetchedContext> {
  const source = asInvalidContext(url, () =>
    gitSourceOf(parseGitReference(url)!, { keepGitDir: keepsGitDir(buildArgs) }),
  );
  const { commit } = await (await steps.remoteSources()).fetchGit(source);
  return { op: gitSourceOp({ ...source, checksum: commit }), description: describe(url, true) };
}

async function fetchFile(url: string, steps: StepEngine): Promise<FetchedContext> {
  const source = { url, filename: fileName };
  const { layer, digest } = await (await steps.remoteSources()).fetchHttp(source);
  const fd = openSync(path.join(steps.store.layers.fsOf(layer), fileName), "r");
  try {
    const op = httpSourceOp({ ...source, checksum: digest });
    const archive = (await isTar(fd)) ? { archive: fileName } : {};
    return { op, description: describe(url, false), ...archive };
  } finally {
    closeSync(fd);
  }
}

function describe(url: string, isGit: boolean): string {
  return isGit ? `[internal] load git source ${redactUrls(url)}` : "[internal] load remote build context";
}

function asInvalidContext<Value>(url: string, parse: () => Value): Value {
  try {
    return parse();
  } catch (error) {
    if (error instanceof BuildError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    const message = `Cannot use "${redactUrls(url)}" as build context: ${reason}`;
    throw new BuildError("INVALID_CONTEXT", message, { cause: error });
  }
}

/** Go's `strconv.ParseBool`, as BuildKit reads the argument. */
function keepsGitDir(buildArgs: BuildOptions["buildArgs"]): boolean {
  const name = "BUILDKIT_CONTEXT_KEEP_GIT_DIR";
  const text = buildArgs[name];
  if (text === undefined || /^(?:0|f|F|FALSE|false|False)$/.test(text)) return false;
  if (/^(?:1|t|T|TRUE|true|True)$/.test(text)) return true;
  throw new BuildError("INVALID_CONTEXT", `failed to parse build-arg:${name}: invalid syntax "${text}"`);
}

function openSteps(options: BuildOptions, environment: BuildEnvironment): StepEngine {
  const session = createBuildSession(options);
  return new StepEngine({ ...environment, localContexts: session.localContexts, session });
}
