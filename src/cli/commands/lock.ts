import { statSync } from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import type { LockChange, LockResult, LockUpdate } from "../../build/index.ts";
import type { CliIo } from "../cli-io.ts";
import { type BuildFlags, toBuildOptions } from "../flags/build-options.ts";
import { type GlobalFlags, openCliStore } from "../open-images.ts";
import { withProgress } from "../with-progress.ts";

interface LockFlags extends BuildFlags, GlobalFlags {
  /** True when no name was given. */
  readonly update?: string | true;
}

export function define(command: Command, io: CliIo): void {
  command
    .usage("[OPTIONS] [CONTEXT]")
    .argument("[context]", "directory of the Dockerfile (default: .)")
    .option("-f, --file <file>", "Dockerfile (default: CONTEXT/Dockerfile)")
    .option(
      "--update [name]",
      "Find out anew where everything leads, or only what has this name in the Dockerfile",
    )
    .option("--build-arg <name=value>", "Set a build argument, or take it from the environment", collect, [])
    .option(
      "--build-context <name=value>",
      "Files or an image to use under a name, as for build",
      collect,
      [],
    )
    .option(
      "--secret <spec>",
      "Lend a secret, such as GIT_AUTH_TOKEN: id=ID,src=FILE or id=ID,env=NAME",
      collect,
      [],
    )
    .option("--ssh <spec>", "Lend an SSH agent or keys: ID[=SOCKET|KEY[,KEY]]", collect, [])
    .option("--platform <platforms>", "Platforms to lock, e.g. linux/arm64,linux/amd64", collect, [])
    .option("--progress <mode>", "auto, tty, plain, rawjson or quiet (default: $SLIPWAY_PROGRESS or auto)")
    .action(async (context: string | undefined) => {
      const given = command.optsWithGlobals<LockFlags>();
      const flags = { ...noFlags, ...given };
      const { update, directory } = readUpdate(given.update, context, io);
      const options = await toBuildOptions(directory, flags, io);
      const store = openCliStore(flags, io);
      const { lockSources } = await import("../../build/index.ts");
      const result = await withProgress(flags, io, (work) =>
        lockSources(options, { store, ...work }, update),
      );
      io.stdout.write(lockText(result, io.cwd));
    });
}

const noFlags = { tag: [], label: [], output: [], cacheFilter: [], cache: true } as const;

function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}

/** `--update .` means the context: what follows the option would be taken for a name. */
function readUpdate(
  value: string | true | undefined,
  context: string | undefined,
  io: CliIo,
): { update: LockUpdate; directory: string } {
  if (value === undefined) return { update: "missing", directory: context ?? "." };
  if (value === true) return { update: "all", directory: context ?? "." };
  const isDirectory = statSync(path.resolve(io.cwd, value), { throwIfNoEntry: false })?.isDirectory();
  if (context === undefined && isDirectory) return { update: "all", directory: value };
  return { update: [value], directory: context ?? "." };
}

function lockText({ file, changes, count }: LockResult, cwd: string): string {
  const name = path.relative(cwd, file);
  if (changes.length === 0) return `${name} is up to date: ${sources(count)}\n`;
  return `${changes.map(changeText).join("\n")}\n${name}: ${sources(count)}\n`;
}

function sources(count: number): string {
  return count === 1 ? "1 source" : `${count} sources`;
}

function changeText({ name, before, after }: LockChange): string {
  if (after === undefined) return `removed ${name}`;
  return before === undefined ? `locked ${name} ${after}` : `updated ${name} ${before} → ${after}`;
}
