import type { Command } from "commander";
import type { CliIo } from "../cli-io.ts";
import type { ProgressFlags } from "../flags/progress-mode.ts";
import { type GlobalFlags, openImages } from "../open-images.ts";
import { withProgress } from "../with-progress.ts";

type PullFlags = GlobalFlags & ProgressFlags;

export function define(command: Command, io: CliIo): void {
  command
    .usage("[OPTIONS] NAME[:TAG|@DIGEST]...")
    .argument("<names...>", "images to bring into the store")
    .option("--progress <mode>", "auto, tty, plain, rawjson or quiet (default: $SLIPWAY_PROGRESS or auto)")
    .option("-q, --quiet", "Show nothing but the names at the end")
    .action(async (names: readonly string[]) => {
      const flags = command.optsWithGlobals<PullFlags>();
      const { store } = openImages(flags, io);
      const { normaliseTag, pullImage, StepEngine } = await import("../../build/index.ts");
      await withProgress(flags, io, async (work) => {
        await using steps = new StepEngine({ store, ...work, pull: true });
        for (const name of names) await pullImage(name, { steps, emit: work.emit });
      });
      for (const name of names) io.stdout.write(`${normaliseTag(name)}\n`);
    });
}
