import type { Command } from "commander";
import { requireImage } from "../../image/index.ts";
import type { CliIo } from "../cli-io.ts";
import { parsePlatformFlag } from "../flags/platform.ts";
import { type GlobalFlags, openImages } from "../open-images.ts";
import { UsageError } from "../usage-error.ts";
import { withPatience } from "../with-progress.ts";

interface ExportFlags extends GlobalFlags {
  readonly output?: string;
  readonly platform?: string;
}

export function define(command: Command, io: CliIo): void {
  command
    .usage("[OPTIONS] IMAGE")
    .argument("<image>", "name or ID")
    .option("-o, --output <file>", "Write to a file (default: standard output)")
    .option(
      "--platform <platform>",
      "Platform of the image (default: $DOCKER_DEFAULT_PLATFORM, else this machine's)",
    )
    .action(async (nameOrId: string) => {
      const flags = command.optsWithGlobals<ExportFlags>();
      const dest = flags.output ?? "-";
      if (dest === "-" && io.stdout.isTTY)
        throw new UsageError("Cannot write a tar to a terminal", {
          hint: "name a file with -o FILE, or redirect standard output",
        });
      const platform = parsePlatformFlag(flags.platform, io.env);
      const { store, images } = openImages(flags, io);
      const record = requireImage(store, images.find(nameOrId), platform);
      const { StepEngine, writeTree } = await import("../../build/index.ts");
      await withPatience(`exporting ${nameOrId}`, io, async (work) => {
        await using steps = new StepEngine({ store, ...work });
        await writeTree(record, { type: "tar", dest }, { steps, epochSeconds: undefined });
      });
    });
}
