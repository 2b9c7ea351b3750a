import { type Command, Option } from "commander";
import { UsageError } from "../usage-error.ts";

/** Options of `docker build` that are not carried out, each with what to do instead. They are known, so that the message can be
 * better than "unknown option", and hidden. */
const unsupported: readonly (readonly [flags: string, hint: string])[] = [
  ["--builder <name>", "steps run on this machine"],
  [
    "--cgroup-parent <cgroup>",
    "steps run in the caller's cgroup; to choose one: systemd-run --scope --slice=NAME slipway build …",
  ],
  ...[
    "-m, --memory <bytes>",
    "--memory-swap <bytes>",
    "-c, --cpu-shares <number>",
    "--cpu-period <number>",
  ].map(ofCaller),
  ...["--cpu-quota <number>", "--cpuset-cpus <list>", "--cpuset-mems <list>"].map(ofCaller),
  ["--isolation <technology>", "steps run in Linux namespaces"],
  ["--security-opt <option>", "steps get Docker's default profile; more with --allow security.insecure"],
  ["--squash", "use a stage that copies what is needed: FROM scratch, COPY --from=STAGE / /"],
];

/** Options that ask for what happens anyway, or for nothing when false. */
const satisfied: readonly string[] = ["--rm", "--force-rm", "--compress", "--disable-content-trust"];

/** The same of `docker run`. */
const unsupportedInRun: readonly (readonly [flags: string, hint: string])[] = [
  ["-d, --detach", "a container lives as long as slipway does; use your shell's job control"],
  ["--name <name>", "a container has no name: nothing is kept of it"],
  ["-p, --publish <ports>", "the host's network is used: a service can be reached under its own port"],
  ["-P, --publish-all", "the host's network is used: a service can be reached under its own port"],
  ["--privileged", "a container gets Docker's default privileges"],
  ["--cap-add <capability>", "a container gets Docker's default capabilities"],
  ["--cap-drop <capability>", "a container gets Docker's default capabilities"],
  ["--device <device>", "a container gets Docker's default devices"],
  ["--gpus <gpus>", "a container gets Docker's default devices"],
  ["--restart <policy>", "nothing watches over a container"],
  ["-m, --memory <bytes>", "limits are those of the caller"],
  ["--cpus <number>", "limits are those of the caller"],
  ["-l, --label <label>", "nothing is kept of a container"],
  ["--init", "the command is the first process; wrap it in an init of the image"],
  ["--read-only", "a container can always be written to, and nothing is kept"],
  ["--tmpfs <path>", "nothing is kept of a container anyway"],
];

/** Adds the options of `docker build` that Slipway only knows how to refuse. */
export function addUnsupportedOptions(command: Command): void {
  addRefused(command, unsupported);
  for (const flags of satisfied) command.addOption(new Option(flags).hideHelp());
}

/** Adds the options of `docker run` that Slipway only knows how to refuse. */
export function addUnsupportedRunOptions(command: Command): void {
  addRefused(command, unsupportedInRun);
}

function ofCaller(flags: string): readonly [flags: string, hint: string] {
  return [flags, "limits are those of the caller"];
}

/** Adds options that are only known to be refused, each with what to do instead. */
export function addRefused(
  command: Command,
  options: readonly (readonly [flags: string, hint: string])[],
): void {
  for (const [flags, hint] of options) {
    const option = new Option(flags).hideHelp();
    command.addOption(option);
    command.on(`option:${option.name()}`, () => {
      throw unsupportedOption(`--${option.name()}`, hint);
    });
  }
}

export function unsupportedOption(name: string, hint: string): UsageError {
  return new UsageError(`Cannot carry out ${name}: not supported`, { code: "UNSUPPORTED_OPTION", hint });
}
