import type { Command } from "commander";
import type { CliIo } from "../cli-io.ts";
import { type BuildFlags, toBuildOptions } from "../flags/build-options.ts";
import { type GlobalFlags, openCliStore } from "../open-images.ts";
import { planJson, planText, runsSomething } from "../output/plan-text.ts";
import { UsageError } from "../usage-error.ts";
import { withPatience } from "../with-progress.ts";
import { addBuildOptions } from "./build.ts";

/** As `terraform plan -detailed-exitcode`: something would be done. */
const somethingToDo = 2;

export function define(command: Command, io: CliIo): void {
  addBuildOptions(command)
    .option("--json", "Show the plan as JSON")
    .action(async (context: string) => {
      const flags = command.optsWithGlobals<BuildFlags & GlobalFlags & { json?: boolean }>();
      if (flags.verify)
        throw new UsageError("Cannot use --verify with plan: it runs steps, and a plan runs none");
      const options = await toBuildOptions(context, flags, io);
      const store = openCliStore(flags, io);
      const { planTarget } = await import("../../build/index.ts");
      const plan = await withPatience("planning the build", io, (work) =>
        planTarget(options, { store, ...work }),
      );
      io.stdout.write(flags.json ? planJson(plan) : planText(plan));
      if (runsSomething(plan)) io.exitCode = somethingToDo;
    });
}
