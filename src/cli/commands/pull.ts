import type { Command } from "commander";
import type { CliIo } from "../cli-io.ts";
import { parsePlatformFlag } from "../flags/platform.ts";
import type { ProgressFlags } from "../flags/progress-mode.ts";
import { type GlobalFlags, openImages } from "../open-images.ts";
import { withProgress } from "../with-progress.ts";

interface PullFlags extends GlobalFlags, ProgressFlags {
  readonly platform?: string;
}

export function define(command: Command, io: CliIo): void {
  command
    .usage("[OPTIONS] NAME[:TAG|@DIGEST]...")
    .argument("<names...>", "images to bring into the store")
    .option(
      "--platform <platform>",
      "Platform of the images (default: $DOCKER_DEFAULT_PLATFORM, else this machine's)",
    )
    .option("--progress <mode>", "auto, tty, plain, rawjson or quiet (default: $SLIPWAY_PROGRESS or auto)")
    .option("-q, --quiet", "Show nothing but the names at the end")
    .action(async (names: readonly string[]) => {
      const flags = command.optsWithGlobals<PullFlags>();
      const platform = parsePlatformFlag(flags.platform, io.env);
      const { store } = openImages(flags, io);
      const { normaliseTag, pullImage, StepEngine } = await import("../../build/index.ts");
      await withProgress(flags, io, async (work) => {
        await using steps = new StepEngine({ store, ...work, pull: true });
        for (const name of names) await pullImage(name, { steps, emit: work.emit, platform });
      });
      for (const name of names) io.stdout.write(`${normaliseTag(name)}\n`);
    });
}
