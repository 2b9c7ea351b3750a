import type { Command } from "commander";
import { listCacheMounts, listVolumes, type Store } from "../../content/index.ts";
import type { PrunePlan } from "../../image/index.ts";
import type { CliIo } from "../cli-io.ts";
import { type PruneFlags, type PruneRequest, toPruneRequest } from "../flags/prune-options.ts";
import { type GlobalFlags, openCliStore } from "../open-images.ts";
import { count, type KeptFiles, planText, removedText } from "../output/prune-text.ts";
import { UsageError } from "../usage-error.ts";
import { withPatience } from "../with-progress.ts";

interface AllFlags extends GlobalFlags, PruneFlags {
  readonly dryRun?: boolean;
  readonly force?: boolean;
  readonly verbose?: boolean;
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
    .option("--volumes", "Remove the volumes too, those that no service uses now")
    .option("--dry-run", "Only say what would be removed")
    .option("-f, --force", "Do not ask, which takes a terminal")
    .option("--verbose", "Name each thing that is removed")
    .action(async () => {
      const flags = command.optsWithGlobals<AllFlags>();
      const store = openCliStore(flags, io);
      const request = toPruneRequest(flags, io, store.root);
      const { ImageStore, previewPrune, pruneStore } = await import("../../image/index.ts");
      const stored = flags.verbose ? new ImageStore(store).listRecords() : [];
      const imageIds = new Map(stored.map(({ recordId, id }) => [recordId, id]));
      if (flags.dryRun) {
        const plan = request.results ? previewPrune(store, request.results) : nothing;
        store.temp.close();
        const files = chosenFiles(store, request);
        if (flags.verbose) io.stdout.write(removedText(plan, files, imageIds));
        io.stdout.write(planText(plan, "Would reclaim"));
        const number = (kind: KeptFiles["kind"]) =>
          count(files.filter((each) => each.kind === kind).length, kind);
        if (request.cacheMounts) io.stdout.write(`${number("cache mount")} to empty\n`);
        if (request.volumes) io.stdout.write(`${number("volume")} to remove\n`);
        return;
      }
      if (!flags.force && !io.stdin.isTTY) throw cannotAsk();
      if (!flags.force && !(await isConfirmed(request, io))) return;
      const { StepEngine } = await import("../../build/index.ts");
      const pruned = await withPatience("pruning the store", io, async (work) => {
        await using steps = new StepEngine({ store, ...work });
        const removeTrees = async (paths: readonly string[]) =>
          (await steps.worker()).remove({ layers: [], paths });
        const plan = request.results ? await pruneStore(store, { ...request.results, removeTrees }) : nothing;
        const files = chosenFiles(store, request);
        if (files.length === 0) return { plan, emptied: [] };
        const paths = files.map((each) => each.path);
        const { sizesBytes } = await (await steps.worker()).emptyMounts({ paths });
        const emptied = files.flatMap((each, index) => {
          const freedBytes = sizesBytes[index] ?? null;
          return freedBytes === null ? [] : [{ ...each, freedBytes }];
        });
        return { plan, emptied };
      });
      const { plan, emptied } = pruned;
      if (flags.verbose) io.stdout.write(removedText(plan, emptied, imageIds));
      io.stdout.write(planText(plan, "Total reclaimed space", emptied));
    });
}

const nothing: PrunePlan = { images: [], cacheKeys: [], layers: [], blobs: [], reclaimedBytes: 0 };

/** Cache mounts and volumes that were not used since the time asked for. */
function chosenFiles(
  { paths: { mounts, volumes } }: Store,
  request: PruneRequest,
): readonly (KeptFiles & { readonly path: string })[] {
  const chosen = [
    ...(request.cacheMounts ? listCacheMounts(mounts) : []).map((each) => ({
      ...each,
      kind: "cache mount" as const,
    })),
    ...(request.volumes ? listVolumes(volumes) : []).map(({ name, ...each }) => ({
      ...each,
      kind: "volume" as const,
      id: name,
    })),
  ];
  return chosen.filter(({ usedAtMs }) => usedAtMs < request.usedBeforeMs);
}

/** Docker reads the answer from whatever is there; what nobody has typed is no answer. */
function cannotAsk(): UsageError {
  return new UsageError("Cannot ask whether to prune: standard input is no terminal", {
    hint: "remove without a question with --force, or look first with --dry-run",
  });
}

async function isConfirmed({ results, cacheMounts, volumes }: PruneRequest, io: CliIo): Promise<boolean> {
  const which =
    results?.cache === "all" ? "the results of all steps" : "results of steps that no image needs";
  const what = [
    ...(results ? [results.keepImages ? which : `untagged images and ${which}`] : []),
    ...(cacheMounts ? ["what is in cache mounts"] : []),
    ...(volumes ? ["the volumes of all Compose projects"] : []),
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
