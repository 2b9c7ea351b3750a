import type { Command } from "commander";
import type { PruneOptions, PrunePlan } from "../../image/index.ts";
import { formatBytes } from "../../util/index.ts";
import type { CliIo } from "../cli-io.ts";
import { parseAge, parseSize } from "../flags/amounts.ts";
import { type GlobalFlags, openCliStore } from "../open-images.ts";
import { withProgress } from "../with-progress.ts";

interface PruneFlags extends GlobalFlags {
  readonly all?: boolean;
  readonly olderThan?: string;
  readonly keepStorage?: string;
  readonly dryRun?: boolean;
}

export function define(command: Command, io: CliIo): void {
  command
    .usage("[OPTIONS]")
    .option("-a, --all", "Remove the results of all steps; default: those that are no layer of an image")
    .option("--older-than <age>", "Only what was not used for this long, e.g. 24h or 7d")
    .option("--keep-storage <size>", "Keep the results used last that take no more than this, e.g. 10GB")
    .option("--dry-run", "Only say what would be removed")
    .action(async () => {
      const flags = command.optsWithGlobals<PruneFlags>();
      const options = toOptions(flags);
      const store = openCliStore(flags, io);
      const { previewPrune, pruneStore } = await import("../../image/index.ts");
      if (flags.dryRun) {
        const plan = previewPrune(store, options);
        store.temp.close();
        io.stdout.write(planText(plan, "Would reclaim"));
        return;
      }
      const { StepEngine } = await import("../../build/index.ts");
      const plan = await withProgress({ quiet: true }, io, async (work) => {
        await using steps = new StepEngine({ store, ...work });
        return await pruneStore(store, {
          ...options,
          removeTrees: async (paths) => (await steps.worker()).remove({ layers: [], paths }),
        });
      });
      io.stdout.write(planText(plan, "Total reclaimed space"));
    });
}

function toOptions({ all, olderThan, keepStorage }: PruneFlags): PruneOptions {
  return {
    cache: all ? "all" : "unused",
    ...(olderThan !== undefined && { usedBeforeMs: Date.now() - parseAge("--older-than", olderThan) }),
    ...(keepStorage !== undefined && { keepBytes: parseSize("--keep-storage", keepStorage) }),
  };
}

function planText({ images, cacheKeys, layers, blobs, reclaimedBytes }: PrunePlan, total: string): string {
  const counts = [
    count(images.length, "untagged image"),
    count(cacheKeys.length, "cache record"),
    count(layers.length, "layer"),
    count(blobs.length, "blob"),
  ];
  return `${counts.join(", ")}\n${total}: ${formatBytes(reclaimedBytes)}\n`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
