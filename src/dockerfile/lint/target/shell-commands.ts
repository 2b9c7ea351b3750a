import type { RunInstruction } from "../../instructions/instruction.ts";

/** What a RUN hands to its shell, heredocs included. */
export function runText({ command, heredocs }: RunInstruction): string {
  const text = command.form === "shell" ? command.command : command.args.join(" ");
  return [text, ...heredocs.map(({ body }) => body)].join("\n");
}

/** The words of each simple command of a script, roughly: no shell is needed to see what is installed. */
export function shellCommands(text: string): readonly (readonly string[])[] {
  return text
    .replaceAll("\\\n", " ")
    .split(/[;&|\n(){}]/)
    .map((command) => withoutPrefix(command.split(/\s/).map(unquoted)))
    .filter((words) => words.length > 0);
}

function unquoted(word: string): string {
  return word.replaceAll(/["'`]/g, "");
}

const prefixes = new Set(["sudo", "exec", "then", "do", "else", "time", "env", "!"]);

/** Leaves out assignments and what else may stand before a command. */
function withoutPrefix(words: readonly string[]): readonly string[] {
  const full = words.filter((word) => word !== "");
  const start = full.findIndex((word) => !prefixes.has(word) && !/^\w+=/.test(word));
  return start < 0 ? [] : full.slice(start);
}
