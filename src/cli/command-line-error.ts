import type { Command, CommanderError } from "commander";
import { nearest } from "../errors/index.ts";
import { composeCommands, dockerCommands } from "./docker-commands.ts";
import { UsageError } from "./usage-error.ts";

/** What commander says of a command line, as an error of ours with what to do next. */
export function toUsageError(error: CommanderError, program: Command, args: readonly string[]): UsageError {
  const unknown = /^error: unknown command '(.*)'/.exec(error.message)?.[1];
  const { path, command, rest } = locate(program, unknown === undefined ? args : before(unknown, args));
  const name = path.join(" ");
  const table = name === "" ? dockerCommands : name === "compose" ? composeCommands : undefined;
  // Options of a command that only docker has may be found wrong before its name is.
  const word = unknown ?? (name === "compose" ? rest.find((arg) => composeCommands.has(arg)) : undefined);
  const hint = word === undefined ? undefined : table?.get(word);
  if (word !== undefined && hint !== undefined) {
    const words = [word, args[args.indexOf(word) + 1]].join(" ");
    return new UsageError(`Cannot carry out "${["slipway", ...path, word].join(" ")}": no such command`, {
      hint: table?.get(words) ?? hint,
    });
  }
  return new UsageError(`${sentence(error)}${suggestion(error, command)}`, { hint: nextStep(error, name) });
}

function before(word: string, args: readonly string[]): readonly string[] {
  return args.slice(0, args.indexOf(word));
}

/** The innermost command that the words name, and what follows its name. */
export function locate(program: Command, args: readonly string[]) {
  let [command, rest] = [program, args];
  const path: string[] = [];
  for (const [index, arg] of args.entries()) {
    const child = command.commands.find((each) => each.name() === arg || each.aliases().includes(arg));
    if (!child) continue;
    [command, rest] = [child, args.slice(index + 1)];
    path.push(child.name());
  }
  return { path, command, rest };
}

/** `error: too many arguments for 'x'. Expected 1.` as `Too many arguments for "x": expected 1`. */
function sentence({ message }: CommanderError): string {
  const [said = ""] = message.replace(/^error: /, "").split("\n(Did you mean");
  const text = said
    .replaceAll(/'([^']*)'/g, '"$1"')
    .replaceAll(/\. ([A-Za-z])/g, (_, letter: string) => `: ${letter.toLowerCase()}`)
    .replace(" but got", ", got")
    .replace(/\.$/, "");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Commander's own suggestion; for an option with its value behind `=`, which commander compares as a whole, ours. */
function suggestion({ message }: CommanderError, command: Command): string {
  const found = /\(Did you mean (one of )?(.*)\?\)/.exec(message);
  if (found) return `, did you mean ${found[1] ? `one of ${found[2]}` : `"${found[2]}"`}?`;
  const option = /^error: unknown option '(--[^'=]+)=/.exec(message)?.[1] ?? "";
  const known = command.options.flatMap(({ long, hidden }) => (long && !hidden ? [long] : []));
  const near = nearest(option, known);
  return near === undefined ? "" : `, did you mean "${near}"?`;
}

function nextStep({ code }: CommanderError, name: string): string {
  if (code === "commander.missingArgument" && (name === "build" || name === "plan"))
    return `for the working directory: slipway ${name} .`;
  return `see: slipway ${name === "" ? "" : `${name} `}--help`;
}
