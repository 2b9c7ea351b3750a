import type { Command } from "commander";
import { listCacheMounts, type Store } from "../../content/index.ts";
import type { PrunePlan } from "../../image/index.ts";
import { formatBytes } from "../../util/index.ts";
import type { CliIo } from "../cli-io.ts";
import { type PruneFlags, type PruneRequest, toPruneRequest } from "../flags/prune-options.ts";
import { type GlobalFlags, openCliStore } from "../open-images.ts";
import { withProgress } from "../with-progress.ts";

interface AllFlags extends GlobalFlags, PruneFlags {
  readonly dryRun?: boolean;
  readonly force?: boolean;
}

export function define(command: Command, io: CliIo): void {
  command
    .usage("[OPTIONS]")
    .option("-a, --all", "Remove the results of all steps; default: those that are no layer of an image")
    .option("--older-than <age>", "Only what was not used for this long, e.g. 24h or 7d")
    .option(
      "--filter <filter>",
      "Only what this is true of: until=AGE, type=regular (results) or type=exec.cachemount (cache mounts)",
      (value: string, previous: readonly string[]) => [...previous, value],
      [],
    )
    .option("--keep-storage <size>", "Keep the results used last that take no more than this, e.g. 10GB")
    .option("--reserved-space <size>", "The same, by its name in docker builder prune")
    .option("--max-used-space <size>", "The same, by its name in docker builder prune")
    .option("--min-free-space <size>", "Remove no more than it takes to have so much free space on the disk")
    .option("--project <dir>", "Only results of steps of this build context, and no image")
    .option("--target <stage>", "Only results of steps of stages of this name, and no image")
    .option("--cache-mounts", "Empty the cache mounts too, those that no step uses now")
    .option("--dry-run", "Only say what would be removed")
    .option("-f, --force", "Do not ask; without a terminal nothing is asked in any case")
    .action(async () => {
      const flags = command.optsWithGlobals<AllFlags>();
      const store = openCliStore(flags, io);
      const request = toPruneRequest(flags, io, store.root);
      const { previewPrune, pruneStore } = await import("../../image/index.ts");
      if (flags.dryRun) {
        const plan = request.results ? previewPrune(store, request.results) : nothing;
        store.temp.close();
        io.stdout.write(planText(plan, "Would reclaim"));
        if (request.cacheMounts)
          io.stdout.write(`${count(chosenMounts(store, request).length, "cache mount")} to empty\n`);
        return;
      }
      if (!flags.force && io.stdin.isTTY && !(await isConfirmed(request, io))) return;
      const { StepEngine } = await import("../../build/index.ts");
      const pruned = await withProgress({ quiet: true }, io, async (work) => {
        await using steps = new StepEngine({ store, ...work });
        const removeTrees = async (paths: readonly string[]) =>
          (await steps.worker()).remove({ layers: [], paths });
        const plan = request.results ? await pruneStore(store, { ...request.results, removeTrees }) : nothing;
        const mounts = chosenMounts(store, request);
        if (mounts.length === 0) return { plan, freed: [] };
        const { sizesBytes } = await (await steps.worker()).removeCacheMounts({ paths: mounts });
        return { plan, freed: sizesBytes };
      });
      io.stdout.write(planText(pruned.plan, "Total reclaimed space", pruned.freed));
    });
}

const nothing: PrunePlan = { images: [], cacheKeys: [], layers: [], blobs: [], reclaimedBytes: 0 };

/** Paths of the cache mounts that were not used since the time asked for. */
function chosenMounts(store: Store, { cacheMounts, usedBeforeMs }: PruneRequest): readonly string[] {
  if (!cacheMounts) return [];
  return listCacheMounts(store.paths.mounts).flatMap(({ path: instance, usedAtMs }) =>
    usedAtMs < usedBeforeMs ? instance : [],
  );
}

/** A script has decided already; a person is asked, as docker does. */
async function isConfirmed({ results, cacheMounts }: PruneRequest, io: CliIo): Promise<boolean> {
  const which =
    results?.cache === "all" ? "the results of all steps" : "results of steps that no image needs";
  const what = [
    ...(results ? [results.keepImages ? which : `untagged images and ${which}`] : []),
    ...(cacheMounts ? ["what is in cache mounts"] : []),
  ];
  io.stderr.write(`WARNING! This will remove ${what.join(", and ")}.\n`);
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
