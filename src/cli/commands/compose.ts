import { type Command, InvalidArgumentError, Option } from "commander";
import type { CliIo } from "../cli-io.ts";
import { unsupportedOption } from "../flags/unsupported-options.ts";

export function define(command: Command, io: CliIo): void {
  command
    .usage("[OPTIONS] COMMAND")
    .enablePositionalOptions()
    .option(
      "-f, --file <file>",
      "Compose file; several are laid over each other (default: compose.yaml and its like)",
      collect,
      [],
    )
    .option("-p, --project-name <name>", "Name of the project (default: that of its directory)")
    .option("--project-directory <dir>", "What relative paths start from (default: that of the first file)")
    .option(
      "--env-file <file>",
      "File of variables; a later one goes before an earlier one, the caller's variables before all (default: .env)",
      collect,
      [],
    )
    .option(
      "--profile <name>",
      "Activate a profile: services that have it become part of the project",
      collect,
      [],
    )
    .option("--progress <mode>", "auto, tty, plain, rawjson or quiet (default: $SLIPWAY_PROGRESS or auto)");
  acceptHidden(command, "--parallel <number>");
  refuse(command, "--dry-run", "slipway plan says what a build would run");
  refuse(command, "--ansi <when>", "use --progress plain; colours are off where NO_COLOR is set");
  refuse(command, "--compatibility", "files are read as Compose reads them now");
  refuse(command, "--all-resources", "what no service uses has no effect");
  defineBuild(command, io);
  defineUp(command, io);
  defineRun(command, io);
  defineDown(command, io);
  defineConfig(command, io);
}

function defineBuild(compose: Command, io: CliIo): void {
  const command = subcommand(compose, "build", "Build the images of services")
    .usage("[OPTIONS] [SERVICE...]")
    .argument("[services...]", "services to build (default: all)")
    .option("--build-arg <name=value>", "Set a build argument of every service", collect, [])
    .option("--no-cache", "Run every step again")
    .option("--pull", "Ask the registry for newer base images")
    .option("--push", "Push the images of services that have `image`")
    .option("--provenance <value>", "Say how every image was built: true, false or mode=min|max")
    .option("--sbom <value>", "Say which packages every image holds: true or false")
    .option("--with-dependencies", "Build what the named services depend on too")
    .option("-q, --quiet", "Show nothing")
    .action(async (services: readonly string[]) => {
      const { composeBuild } = await import("../compose-commands.ts");
      await composeBuild(services, command.optsWithGlobals(), io);
    });
  acceptHidden(command, "--parallel");
  command.addOption(new Option("--progress <mode>").hideHelp());
  refuse(command, "--ssh <id>", "name agents and keys in the Compose file: build.ssh");
  refuse(command, "-m, --memory <size>", "a step may use the memory that there is");
  refuse(command, "--builder <name>", "steps run on this machine");
  refuse(command, "--check", "check a Dockerfile with: slipway build --check");
  refuse(command, "--print", "bake files are neither read nor made");
}

function defineUp(compose: Command, io: CliIo): void {
  const command = subcommand(compose, "up", "Build what is stale, start services, and show their output")
    .usage("[OPTIONS] [SERVICE...]")
    .argument("[services...]", "services to start, with those that they depend on (default: all)")
    .option("--abort-on-container-exit", "Stop all services when one has ended, and end with its exit code")
    .option(
      "--exit-code-from <service>",
      "End with this service's exit code; implies --abort-on-container-exit",
    )
    .option("--no-build", "Start images as they are")
    .option("--build", "Build what is stale, which is done in any case; accepted for docker's sake")
    .option("--no-start", "Build and pull images, and start nothing")
    .option("--no-deps", "Leave out services that the named ones depend on")
    .option("--no-log-prefix", "Show output without the services' names")
    .option("--no-color", "Show output without colours")
    .option("-t, --timeout <seconds>", "How long a service may take to end", parseSeconds, 10)
    .action(async (services: readonly string[]) => {
      const { composeUp } = await import("../compose-commands.ts");
      await composeUp(services, command.optsWithGlobals(), io);
    });
  for (const flags of ["--force-recreate", "--no-recreate", "--always-recreate-deps", "--remove-orphans"])
    acceptHidden(command, flags);
  for (const flags of ["-V, --renew-anon-volumes", "--attach-dependencies", "-y, --yes", ...quietParts])
    acceptHidden(command, flags);
  refuse(
    command,
    "-d, --detach",
    "up stays in the foreground; end it from elsewhere with: slipway compose down",
  );
  refuse(command, "--scale <scale>", "one container runs per service");
  refuse(command, "-w, --watch", "files are not watched yet");
  refuse(command, "--abort-on-container-failure", "use --abort-on-container-exit");
  for (const flags of ["--attach <service>", "--no-attach <service>"])
    refuse(command, flags, "the output of all services is shown");
  refuse(command, "--timestamps", "output is shown as it comes");
  refuse(command, "--menu", "there is none");
  for (const flags of ["--wait", "--wait-timeout <seconds>"])
    refuse(command, flags, "up stays in the foreground");
  refusePull(command);
}

function defineRun(compose: Command, io: CliIo): void {
  const command = subcommand(compose, "run", "Run a command in a service, what it depends on beside it")
    .usage("[OPTIONS] SERVICE [COMMAND...]")
    .argument("<service>", "service whose image and settings are used")
    .argument("[command...]", "what to run instead of the service's command")
    .passThroughOptions()
    .option("--entrypoint <program>", "Run this in place of the entrypoint")
    .option("-e, --env <name=value>", "Set a variable, or pass the caller's on", collect, [])
    .option("--env-from-file <file>", "Set the variables of a file", collect, [])
    .option("-v, --volume <source:dest>", "Bind a path of the host, SOURCE:DEST[:ro]", collect, [])
    .option("-w, --workdir <dir>", "Working directory")
    .option("-u, --user <user>", "User, NAME|UID[:GROUP|GID]")
    .option("-T, --no-tty", "Give the command no terminal")
    .option("--no-build", "Run the image as it is")
    .option("--build", "Build what is stale, which is done in any case; accepted for docker's sake")
    .option("--no-deps", "Do not start services that this one depends on")
    .option("--rm", "Nothing is kept in any case; accepted for docker's sake")
    .option("-t, --timeout <seconds>", "How long a dependency may take to end", parseSeconds, 10)
    .action(async (service: string, words: readonly string[]) => {
      const { composeRun } = await import("../compose-commands.ts");
      await composeRun(service, words, { flags: command.optsWithGlobals(), io });
    });
  command.addOption(new Option("--no-TTY").hideHelp());
  for (const flags of ["-i, --interactive", "-P, --service-ports", "--use-aliases", "--remove-orphans"])
    acceptHidden(command, flags);
  for (const flags of quietParts) acceptHidden(command, flags);
  for (const flags of ["--cap-add <capability>", "--cap-drop <capability>"])
    refuse(command, flags, "a container gets Docker's default capabilities");
  refuse(command, "-l, --label <label>", "nothing is kept of a container");
  refusePull(command);
  refuse(command, "-d, --detach", "a container lives as long as slipway does");
  refuse(command, "--name <name>", "a container has no name: nothing is kept of it");
  refuse(command, "-p, --publish <ports>", "services share the host's network");
}

function defineDown(compose: Command, io: CliIo): void {
  const command = subcommand(compose, "down", "End what `up` started in another terminal")
    .usage("[OPTIONS]")
    .option("-v, --volumes", "Remove the project's named volumes too, those that are not external")
    .option("-t, --timeout <seconds>", "How long to wait for the services to end", parseSeconds, 20)
    .action(async () => {
      const { composeDown } = await import("../compose-down.ts");
      await composeDown(command.optsWithGlobals(), io);
    });
  acceptHidden(command, "--remove-orphans");
  refuse(command, "--rmi <which>", "remove images with: slipway rmi");
}

function defineConfig(compose: Command, io: CliIo): void {
  const command = subcommand(compose, "config", "Check the Compose files, and print them as one")
    .usage("[OPTIONS] [SERVICE...]")
    .argument("[services...]", "services to print, with those that they depend on (default: all)")
    .option("--services", "Print only the names of the services")
    .option("--images", "Print only the names of the services' images")
    .option("--volumes", "Print only the keys of the volumes that the services mount")
    .option("--profiles", "Print only the names of all profiles")
    .addOption(
      new Option("--format <format>", "Form of the output").choices(["yaml", "json"]).default("yaml"),
    )
    .option("--environment", "Print only the variables that those of the files are replaced from")
    .option("--variables", "Print only the variables that the files use, with their defaults")
    .option("--hash <services>", "Print a hash of the settings of services, NAME[,NAME] or *")
    .option("-q, --quiet", "Print nothing")
    .action(async (services: readonly string[]) => {
      const { composeConfig } = await import("../compose-commands.ts");
      composeConfig(services, command.optsWithGlobals(), io);
    });
  refuse(command, "-o, --output <file>", "redirect standard output to the file");
  refuse(command, "--no-interpolate", "--variables lists the variables, with their defaults");
  for (const flags of ["--resolve-image-digests", "--lock-image-digests"])
    refuse(command, flags, "slipway lock pins the images that a Dockerfile names");
  for (const flags of ["--no-consistency", "--no-env-resolution", "--no-normalize", "--no-path-resolution"])
    refuse(command, flags, "the files are printed as they are carried out");
  for (const flags of ["--networks", "--models"]) refuse(command, flags, "services share the host's network");
}

function subcommand(compose: Command, name: string, description: string): Command {
  return compose.command(name).description(description).helpOption("-h, --help", "Show this help");
}

/** Progress is shown where a terminal is, and nowhere else. */
const quietParts = ["--quiet-pull", "--quiet-build"];

function refusePull(command: Command): void {
  refuse(command, "--pull <policy>", "missing images are pulled; for newer ones: slipway pull IMAGE");
}

/** Of docker, and without an effect here: nothing is kept of containers, and equal steps of services run once. */
function acceptHidden(command: Command, flags: string): void {
  command.addOption(new Option(flags).hideHelp());
}

function refuse(command: Command, flags: string, hint: string): void {
  const option = command.createOption(flags).hideHelp();
  command.addOption(option);
  command.on(`option:${option.name()}`, () => {
    throw unsupportedOption(`--${option.name()}`, hint);
  });
}

function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}

function parseSeconds(value: string): number {
  if (!/^\d{1,6}$/.test(value)) throw new InvalidArgumentError("a number of seconds is needed.");
  return Number(value);
}
