import { randomUUID } from "node:crypto";
import { type ImageRecord, platformOf } from "../image/index.ts";
import type { BindMount, RunRequest } from "../worker/index.ts";
import { BuildError } from "./build-error.ts";
import type { StepEngine } from "./step-engine.ts";

/** What `run` changes of an image's own config. */
export interface RunOptions {
  /** Replaces the image's CMD, when not empty. */
  readonly command: readonly string[];
  /** Replaces the image's ENTRYPOINT, and drops its CMD, as docker does. */
  readonly entrypoint?: readonly string[];
  /** `K=V`; a later one wins over the image's. */
  readonly env: readonly string[];
  readonly workingDir?: string;
  readonly user?: string;
  readonly binds: readonly BindMount[];
  readonly network?: RunRequest["network"];
  readonly hostname?: string;
}

/** The request that runs an image with its own user, environment, entrypoint and working directory. Its changes are kept nowhere.
 * @throws {BuildError} `NO_COMMAND` when neither the image nor the caller says what to run */
export async function toRunRequest(
  record: ImageRecord,
  options: RunOptions,
  steps: StepEngine,
): Promise<RunRequest> {
  const { config } = record.config;
  return {
    runId: randomUUID(),
    lowers: await steps.directoriesOf(record),
    args: commandLine(config, options),
    env: mergeEnv(config.Env ?? [defaultPath], options.env),
    cwd: options.workingDir ?? (config.WorkingDir || "/"),
    user: options.user ?? config.User ?? "",
    platform: platformOf(record),
    network: options.network ?? "default",
    security: "sandbox",
    mounts: [],
    binds: options.binds,
    ...(options.hostname !== undefined && { hostname: options.hostname }),
  };
}

const defaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

function commandLine(
  config: ImageRecord["config"]["config"],
  { command, entrypoint }: RunOptions,
): readonly string[] {
  const fallback = entrypoint === undefined ? (config.Cmd ?? []) : [];
  const args = [...(entrypoint ?? config.Entrypoint ?? []), ...(command.length > 0 ? command : fallback)];
  if (args.length > 0) return args;
  throw new BuildError("NO_COMMAND", "Cannot run the image: it has neither CMD nor ENTRYPOINT", {
    hint: "say what to run after the image's name",
  });
}

function mergeEnv(image: readonly string[], given: readonly string[]): readonly string[] {
  const merged = new Map<string, string>();
  for (const entry of [...image, ...given]) merged.set(entry.split("=", 1)[0]!, entry);
  return [...merged.values()];
}
