import type { Command } from "commander";
import type { BuildFlags } from "./build-options.ts";

/** What a build may be told that is only a means: of the image that is run, or looked at. */
export type InnerBuildFlags = Pick<
  BuildFlags,
  "file" | "buildContext" | "buildArg" | "secret" | "ssh" | "allow"
>;

/** Adds the options of `InnerBuildFlags`, but for `--file`. */
export function addInnerBuildOptions(command: Command): Command {
  return command
    .option("--build-context <name=value>", "Files or an image to use under a name", collect, [])
    .option("--build-arg <name=value>", "Set a build argument, or take it from the environment", collect, [])
    .option(
      "--secret <spec>",
      "Lend a secret to the build, as for build: id=ID,src=FILE or id=ID,env=NAME",
      collect,
      [],
    )
    .option(
      "--ssh <spec>",
      "Lend an SSH agent or keys to the build, as for build: ID[=SOCKET|KEY[,KEY]]",
      collect,
      [],
    )
    .option("--allow <privilege>", "Let steps of the build ask for a privilege, as for build", collect, []);
}

function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}
