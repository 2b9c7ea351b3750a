import type { Command } from "commander";
import type { CliIo } from "./cli-io.ts";

/** A command's module; loaded only when the command is used. */
export interface CommandModule {
  /** Adds arguments, options and the action to a command that has its name and summary already. */
  define(command: Command, io: CliIo): void;
}

export interface CommandEntry {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly group: "Build:" | "Images:" | "Run:" | "More:";
  readonly summary: string;
  readonly load: () => Promise<CommandModule>;
}

/** Every command, in the order of the help text. */
export const commands: readonly CommandEntry[] = [];
