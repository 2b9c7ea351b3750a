import type { Command } from "commander";
import { locate } from "./command-line-error.ts";
import { UsageError } from "./usage-error.ts";

/** Options that are on or off may have that said, as docker's may: `--pull=true` is `--pull`, and `--pull=false` nothing. What follows
 * an image that is run belongs to its command, and is left alone with all that stands before it.
 * @throws {UsageError} for any other value */
export function withoutBooleanValues(program: Command, args: readonly string[]): readonly string[] {
  const { path, command } = locate(program, args);
  if (path.includes("run")) return args;
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  const options = args.slice(0, end).flatMap((arg) => {
    const [, name = "", value = ""] = /^(--[a-z][a-z-]*)=(.*)$/s.exec(arg) ?? [];
    const option = [...command.options, ...program.options].find(({ long }) => long === name);
    if (!option || option.required) return [arg];
    if (option.optional) return name === "--load" && asBoolean(value) === false ? [] : [arg];
    const isOn = asBoolean(value);
    if (isOn === undefined) throw new UsageError(`Cannot use ${arg}: true or false is needed`);
    return isOn ? [name] : [];
  });
  return [...options, ...args.slice(end)];
}

/** As Go's strconv.ParseBool does. */
function asBoolean(text: string): boolean | undefined {
  if (/^(?:1|t|T|TRUE|true|True)$/.test(text)) return true;
  return /^(?:0|f|F|FALSE|false|False)$/.test(text) ? false : undefined;
}
