import type { Command } from "commander";
import type { CliIo } from "../cli-io.ts";
import { addInnerBuildOptions } from "../flags/inner-build.ts";
import { addUnsupportedRunOptions } from "../flags/unsupported-options.ts";

export function define(command: Command, io: CliIo): void {
  const subject = command
    .usage(
      "[OPTIONS] IMAGE [COMMAND...]\n       slipway run [OPTIONS] --target STAGE [CONTEXT] -- [COMMAND...]",
    )
    .argument(
      "[image]",
      "image to run, pulled if the store lacks it; with --target or --file, the build context",
    )
    .argument("[command...]", "what to run instead of the image's CMD; options after the image belong to it")
    .passThroughOptions()
    .optionsGroup("What to run:")
    .option("--target <stage>", "Build this stage if it is stale, and run it")
    .option("-f, --file <file>", "Dockerfile to build (default: CONTEXT/Dockerfile)");
  addInnerBuildOptions(subject)
    .option(
      "--platform <platform>",
      "Platform of the image (default: $DOCKER_DEFAULT_PLATFORM, else this machine's)",
    )
    .option("--pull", "Ask the registry for a newer image")
    .option("--entrypoint <program>", "Run this in place of the image's ENTRYPOINT and CMD")
    .optionsGroup("How to run it:")
    .option("-v, --volume <source:dest>", "Bind a path of the host, SOURCE:DEST[:ro]", collect, [])
    .option(
      "--mount <spec>",
      "Bind a path of the host, type=bind,source=PATH,target=PATH[,readonly]",
      collect,
      [],
    )
    .option("-e, --env <name=value>", "Set a variable, or pass the caller's on", collect, [])
    .option("--env-file <file>", "Read variables from a file", collect, [])
    .option("-w, --workdir <dir>", "Working directory")
    .option("-u, --user <user>", "User, NAME|UID[:GROUP|GID]")
    .option("--hostname <name>", "Host name")
    .option("--network <mode>", "host (the default) or none")
    .option("-i, --interactive", "Give the command our standard input")
    .option("-t, --tty", "Give the command a terminal, and our standard input with it")
    .option("--rm", "Nothing is kept in any case; accepted for docker's sake")
    .optionsGroup("What to show:")
    .option("--progress <mode>", "auto, tty, plain, rawjson or quiet (default: $SLIPWAY_PROGRESS or auto)")
    .option("-q, --quiet", "Show nothing of the build")
    .action(async () => {
      const { runCommand } = await import("../run-command.ts");
      await runCommand(command, io);
    });
  addUnsupportedRunOptions(command);
}

function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}
