import { Command, CommanderError, Help, Option } from "commander";
import { withValues } from "./bare-options.ts";
import { withoutBooleanValues } from "./boolean-values.ts";
import type { CliIo } from "./cli-io.ts";
import { toUsageError } from "./command-line-error.ts";
import { type CommandEntry, commands } from "./commands.ts";
import { exitCodeOf, exitCodes } from "./exit-code.ts";
import { fullDiskHint } from "./full-disk.ts";
import { InterruptedError } from "./interrupt.ts";
import { errorText } from "./report-error.ts";

/** Runs one command line and returns the exit code. Only the module of the command that is used is loaded. */
export async function runCli(given: readonly string[], io: CliIo): Promise<number> {
  const args = withHelpOption(given);
  let program: Command | undefined;
  try {
    program = await createProgram(args, io);
    const values = withValues(withoutBooleanValues(program, args), usedCommand(program, args));
    await program.parseAsync(values, { from: "user" });
    return io.exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError && isHelp(thrown)) return thrown.exitCode && exitCodes.usage;
    const error = thrown instanceof CommanderError && program ? toUsageError(thrown, program, args) : thrown;
    io.isInterrupted = error instanceof InterruptedError;
    const exitCode = exitCodeOf(error);
    const hint = exitCode === exitCodes.noSpace ? fullDiskHint(args, io.env) : undefined;
    io.stderr.write(errorText(error, { debug: wantsDebug(args, io.env), hint }));
    return exitCode;
  }
}

/** `help NAME…` as `NAME… --help`. Of a command that there is not, commander would show the help of all. */
function withHelpOption(args: readonly string[]): readonly string[] {
  const [name = "-", ...rest] = args[0] === "help" ? args.slice(1) : args;
  const isKnown = name.startsWith("-") || name === "help" || commands.some((entry) => isNamed(entry, name));
  if (!isKnown) return [name, ...rest.slice(0, 1).filter((word) => !word.startsWith("-"))];
  return args[0] === "help" && !name.startsWith("-") ? [name, ...rest, "--help"] : args;
}

/** Commander has shown help already: because it was asked for, or because a command is missing. */
function isHelp({ code }: CommanderError): boolean {
  return code === "commander.help" || code === "commander.helpDisplayed";
}

/** The program with the command that `args` name alone, fully defined, or else the names of all; with `"all"`, every command (for the reference). */
export async function createProgram(args: readonly string[] | "all", io: CliIo): Promise<Command> {
  const program = new Command("slipway")
    .description("Builds the stages a Dockerfile target needs into OCI images: no Docker, no daemon, no root")
    .usage("[OPTIONS] COMMAND")
    .enablePositionalOptions()
    .helpCommand("help [command]", "Show the help of a command")
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: () => {}, // runCli says it
    })
    .configureHelp({ subcommandTerm: (command) => command.name(), optionDescription })
    .exitOverride();
  addGlobalOptions(program.option("-v, --version", "Show the version"));
  const used = args === "all" ? undefined : usedCommand(program, args);
  const known = commands.filter((entry) => used === undefined || isNamed(entry, used));
  // The others are there to be listed, and to be suggested.
  for (const entry of known.length > 0 ? known : commands) {
    const command = addCommand(program, entry);
    if (known.includes(entry)) (await entry.load()).define(command, io, () => createProgram("all", io));
    addGlobalOptions(command);
  }
  return program;
}

function addCommand(program: Command, entry: CommandEntry): Command {
  return program
    .command(entry.name)
    .aliases([...(entry.aliases ?? [])])
    .description(entry.summary)
    .helpGroup(entry.group);
}

/** Commander would show an empty list as default. */
function optionDescription(this: Help, option: Option): string {
  const isEmptyList = Array.isArray(option.defaultValue) && option.defaultValue.length === 0;
  return isEmptyList ? option.description : Help.prototype.optionDescription.call(this, option);
}

const globalGroup = "Global options:";

/** May stand before and after the command's name. */
function addGlobalOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--root <dir>", "Directory of the store (default: $SLIPWAY_ROOT)").helpGroup(globalGroup),
    )
    .addOption(new Option("--debug", "Show the whole chain of causes of an error").helpGroup(globalGroup))
    .addHelpOption(new Option("-h, --help", "Show this help").helpGroup(globalGroup));
}

/** The command's name; of `help NAME`, that name. */
function usedCommand(program: Command, args: readonly string[]): string {
  const [first = "", second = ""] = operandsOf(program, args);
  return first === "help" ? second : first;
}

function operandsOf(program: Command, args: readonly string[]): readonly string[] {
  try {
    return program.parseOptions([...args]).operands;
  } catch (error) {
    if (error instanceof CommanderError) return []; // the real parse finds it again
    throw error;
  }
}

function isNamed(entry: CommandEntry, name: string): boolean {
  return entry.name === name || (entry.aliases?.includes(name) ?? false);
}

function wantsDebug(args: readonly string[], env: NodeJS.ProcessEnv): boolean {
  const ownArgs = args.includes("--") ? args.slice(0, args.indexOf("--")) : args;
  return ownArgs.includes("--debug") || /\bslipway\b|^\*$/.test(env["DEBUG"] ?? "");
}
