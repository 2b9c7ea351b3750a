import type { Command } from "commander";
import path from "node:path";
import { listCacheMounts, type Store } from "../../content/index.ts";
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
  readonly project?: string;
  readonly target?: string;
  readonly cacheMounts?: boolean;
  readonly dryRun?: boolean;
  readonly force?: boolean;
}

export function define(command: Command, io: CliIo): void {
  command
    .usage("[OPTIONS]")
    .option("-a, --all", "Remove the results of all steps; default: those that are no layer of an image")
    .option("--older-than <age>", "Only what was not used for this long, e.g. 24h or 7d")
    .option("--keep-storage <size>", "Keep the results used last that take no more than this, e.g. 10GB")
    .option("--project <dir>", "Only results of steps of this build context, and no image")
    .option("--target <stage>", "Only results of steps of stages of this name, and no image")
    .option("--cache-mounts", "Empty the cache mounts too, those that no step uses now")
    .option("--dry-run", "Only say what would be removed")
    .option("-f, --force", "Do not ask; on a terminal prune asks first")
    .action(async () => {
      const flags = command.optsWithGlobals<PruneFlags>();
      const options = toOptions(flags, io);
      const store = openCliStore(flags, io);
      const { previewPrune, pruneStore } = await import("../../image/index.ts");
      if (flags.dryRun) {
        const plan = previewPrune(store, options);
        store.temp.close();
        io.stdout.write(planText(plan, "Would reclaim"));
        if (flags.cacheMounts)
          io.stdout.write(`${count(chosenMounts(store, options).length, "cache mount")} to empty\n`);
        return;
      }
      if (!flags.force && io.stdin.isTTY && !(await isConfirmed(flags, io))) return;
      const { StepEngine } = await import("../../build/index.ts");
      const { plan, freed } = await withProgress({ quiet: true }, io, async (work) => {
        await using steps = new StepEngine({ store, ...work });
        const plan = await pruneStore(store, {
          ...options,
          removeTrees: async (paths) => (await steps.worker()).remove({ layers: [], paths }),
        });
        const mounts = flags.cacheMounts ? chosenMounts(store, options) : [];
        if (mounts.length === 0) return { plan, freed: [] };
        const { sizesBytes } = await (await steps.worker()).removeCacheMounts({ paths: mounts });
        return { plan, freed: sizesBytes };
      });
      io.stdout.write(planText(plan, "Total reclaimed space", freed));
    });
}

/** Paths of the cache mounts that were not used since the time asked for. */
function chosenMounts(store: Store, { usedBeforeMs = Infinity }: PruneOptions): readonly string[] {
  return listCacheMounts(store.paths.mounts).flatMap(({ path: instance, usedAtMs }) =>
    usedAtMs < usedBeforeMs ? instance : [],
  );
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

function toOptions({ all, olderThan, keepStorage, project, target }: PruneFlags, io: CliIo): PruneOptions {
  return {
    cache: all ? "all" : "unused",
    ...(olderThan !== undefined && { usedBeforeMs: Date.now() - parseAge("--older-than", olderThan) }),
    ...(project !== undefined && { project: path.resolve(io.cwd, project) }),
    ...(target !== undefined && { stage: target }),
    ...(keepStorage !== undefined && { keepBytes: parseSize("--keep-storage", keepStorage) }),
  };
}

/** @param freed bytes of each cache mount; null for one in use */
function planText(plan: PrunePlan, total: string, freed: readonly (number | null)[] = []): string {
  const { images, cacheKeys, layers, blobs, reclaimedBytes } = plan;
  const emptied = freed.filter((bytes) => bytes !== null);
  const counts = [
    count(images.length, "untagged image"),
    count(cacheKeys.length, "cache record"),
    count(layers.length, "layer"),
    count(blobs.length, "blob"),
    ...(freed.length > 0 ? [count(emptied.length, "cache mount")] : []),
  ];
  const bytes = emptied.reduce((sum, size) => sum + size, reclaimedBytes);
  return `${counts.join(", ")}\n${total}: ${formatBytes(bytes)}\n`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
