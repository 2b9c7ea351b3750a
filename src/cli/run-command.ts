import type { Command } from "commander";
import { build, normaliseTag, type RunOptions, StepEngine, toRunRequest } from "../build/index.ts";
import type { Store } from "../content/index.ts";
import { type ImageRecord, ImageStore, requireImage } from "../image/index.ts";
import type { Platform } from "../oci/index.ts";
import type { CliIo } from "./cli-io.ts";
import { type BuildFlags, toBuildOptions } from "./flags/build-options.ts";
import { containerEnv } from "./flags/container-env.ts";
import type { InnerBuildFlags } from "./flags/inner-build.ts";
import { parsePlatformFlag } from "./flags/platform.ts";
import { parseMount, parseVolume } from "./flags/parse-volume.ts";
import { type RunSubject, parseRunArguments } from "./flags/run-arguments.ts";
import { withForwardedSignals } from "./forward-signals.ts";
import { type GlobalFlags, openCliStore } from "./open-images.ts";
import { reportRunFailure } from "./run-failure.ts";
import { UsageError } from "./usage-error.ts";
import { withProgress } from "./with-progress.ts";

interface RunFlags
  extends GlobalFlags,
    InnerBuildFlags,
    Pick<BuildFlags, "target" | "pull" | "quiet" | "progress"> {
  readonly entrypoint?: string;
  readonly volume: readonly string[];
  readonly mount: readonly string[];
  readonly env: readonly string[];
  readonly envFile: readonly string[];
  readonly workdir?: string;
  readonly user?: string;
  readonly hostname?: string;
  readonly network?: string;
  readonly platform?: string;
  readonly interactive?: boolean;
  readonly tty?: boolean;
  readonly debug?: boolean;
}

/** `slipway run`: brings the image up to date, runs it with our standard streams, and ends with the command's exit code. */
export async function runCommand(command: Command, io: CliIo): Promise<void> {
  const flags = command.optsWithGlobals<RunFlags>();
  const isTarget = flags.target !== undefined || flags.file !== undefined;
  const subject = parseRunArguments(command.args, { isTarget, args: rawArguments(command) });
  const options = toRunOptions(subject, flags, io);
  if (flags.tty && !io.stdin.isTTY)
    throw new UsageError("Cannot give the command a terminal: standard input is not one", {
      hint: "leave -t out",
    });
  try {
    const store = openCliStore(flags, io);
    const record = await withProgress(
      flags,
      io,
      (work) => prepareImage(subject, { store, flags, io, ...work }),
      {
        isMeans: true,
      },
    );
    const isTty = flags.tty ?? false;
    // Without it, a loop that reads its list from standard input would lose that to the first command.
    const hasStdin = isTty || (flags.interactive ?? false);
    io.exitCode = await runAttached(record, options, { store, isTty, hasStdin });
  } catch (error) {
    reportRunFailure(error, { io, debug: flags.debug ?? false });
  }
}

function rawArguments(command: Command): readonly string[] {
  const { rawArgs } = (command.parent ?? command) as Command & { readonly rawArgs: readonly string[] };
  return rawArgs;
}

function toRunOptions(subject: RunSubject, flags: RunFlags, io: CliIo): RunOptions {
  return {
    command: subject.command,
    ...(flags.entrypoint === undefined
      ? {}
      : { entrypoint: flags.entrypoint === "" ? [] : [flags.entrypoint] }),
    env: [...(flags.tty ? ["TERM=xterm"] : []), ...containerEnv(flags, io)],
    ...(flags.workdir === undefined ? {} : { workingDir: flags.workdir }),
    ...(flags.user === undefined ? {} : { user: flags.user }),
    binds: [
      ...flags.volume.map((volume) => parseVolume(volume, io.cwd)),
      ...flags.mount.map((mount) => parseMount(mount, io.cwd)),
    ],
    network: networkOf(flags.network),
    ...(flags.hostname === undefined ? {} : { hostname: flags.hostname }),
  };
}

function networkOf(name = "host"): "none" | "host" {
  if (name === "none" || name === "host") return name;
  throw new UsageError(`Cannot use network "${name}": unknown mode`, { hint: "modes are host and none" });
}

interface Preparation {
  readonly store: Store;
  readonly flags: RunFlags;
  readonly io: CliIo;
  readonly emit: Parameters<typeof build>[1]["emit"];
  readonly signal: AbortSignal;
}

/** The image to run, its layers unpacked. */
async function prepareImage(subject: RunSubject, preparation: Preparation): Promise<ImageRecord> {
  const { store, emit, signal, flags } = preparation;
  const built = subject.kind === "target" ? await buildTarget(subject.context, preparation) : undefined;
  await using steps = new StepEngine({ store, emit, signal, pull: flags.pull ?? false });
  const platform = parsePlatformFlag(flags.platform, preparation.io.env);
  const record = built ?? (await findImage((subject as { image: string }).image, { platform, steps }));
  await steps.directoriesOf(record);
  return record;
}

async function buildTarget(
  context: string,
  { store, emit, signal, flags, io }: Preparation,
): Promise<ImageRecord> {
  const none = { tag: [], label: [], cache: true, cacheFilter: [], output: [] };
  const { network: _ofTheRun, platform, ...buildFlags } = flags;
  const options = await toBuildOptions(
    context,
    { ...buildFlags, ...none, platform: platform ? [platform] : [] },
    io,
  );
  const { recordId = "" } = await build(options, { store, emit, signal });
  const image = new ImageStore(store).find(recordId);
  return requireImage(store, image, parsePlatformFlag(flags.platform, io.env));
}

/** By name or ID in the store; a name that is not there, or whose registry may have it for this platform too, is pulled, as
 * docker does. */
async function findImage(
  nameOrId: string,
  { platform, steps }: { readonly platform: Platform | undefined; readonly steps: StepEngine },
): Promise<ImageRecord> {
  try {
    const image = new ImageStore(steps.store).find(nameOrId);
    if (platform !== undefined && image.names.length > 0 && image.record.origin?.reference !== undefined) {
      return await steps.resolver.resolve(image.record.origin.reference, { platform });
    }
    return requireImage(steps.store, image, platform);
  } catch (error) {
    if ((error as { code?: unknown }).code !== "IMAGE_NOT_FOUND") throw error;
    return await steps.resolver.resolve(normaliseTag(nameOrId), platform && { platform });
  }
}

/** Runs the image with our terminal; signals go to its process. */
async function runAttached(
  record: ImageRecord,
  options: RunOptions,
  { store, isTty, hasStdin }: { readonly store: Store; readonly isTty: boolean; readonly hasStdin: boolean },
): Promise<number> {
  const { signal } = new AbortController();
  await using steps = new StepEngine({ store, emit: () => {}, signal, attached: true });
  const request = await toRunRequest(record, options, steps);
  const worker = await steps.worker("step");
  return await withForwardedSignals(
    (name) => void worker.signal({ runId: request.runId, signal: name }),
    async () => (await worker.runAttached({ ...request, tty: isTty, stdin: hasStdin })).exitCode,
  );
}
