import { Argument, type Command } from "commander";
import type { CliIo } from "../cli-io.ts";
import { completionScript, type Shell } from "../output/completion-script.ts";

export function define(command: Command, io: CliIo, wholeProgram: () => Promise<Command>): void {
  command
    .addArgument(new Argument("<shell>", "the shell to teach").choices(["bash", "zsh", "fish"]))
    .addHelpText(
      "after",
      `
For the running shell:  source <(slipway completion bash)
For every bash:         slipway completion bash > /etc/bash_completion.d/slipway
For every fish:         slipway completion fish > ~/.config/fish/completions/slipway.fish`,
    )
    .action(async (shell: Shell) => {
      io.stdout.write(completionScript(await wholeProgram(), shell));
    });
}
