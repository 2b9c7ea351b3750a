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
  readonly force?: boolean;
}

export function define(command: Command, io: CliIo): void {
  command
    .usage("[OPTIONS]")
    .option("-a, --all", "Remove the results of all steps; default: those that are no layer of an image")
    .option("--older-than <age>", "Only what was not used for this long, e.g. 24h or 7d")
    .option("--keep-storage <size>", "Keep the results used last that take no more than this, e.g. 10GB")
    .option("--dry-run", "Only say what would be removed")
    .option("-f, --force", "Do not ask; on a terminal prune asks first")
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
      if (!flags.force && io.stdin.isTTY && !(await isConfirmed(flags, io))) return;
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

/** A script has decided already; a person is asked, as docker does. */
async function isConfirmed({ all }: PruneFlags, io: CliIo): Promise<boolean> {
  const results = all ? "the results of all steps" : "results of steps that no image needs";
  io.stderr.write(`WARNING! This will remove untagged images and ${results}.\n`);
  io.stderr.write("Are you sure you want to continue? [y/N] ");
  const { createInterface } = await import("node:readline");
  const lines = createInterface({ input: io.stdin });
  const answer = await new Promise<string>((resolve) => {
    lines.once("line", resolve);
    lines.once("close", () => resolve(""));
  });
  lines.close();
  return /^y(es)?$/i.test(answer.trim());
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
