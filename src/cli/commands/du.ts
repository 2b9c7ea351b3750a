import type { Command } from "commander";
import type { DiskUsage, UsageFilter, UsageTotal } from "../../image/index.ts";
import { formatBytes } from "../../util/index.ts";
import type { CliIo } from "../cli-io.ts";
import { parseUsageFilters } from "../flags/usage-filters.ts";
import { type GlobalFlags, openCliStore } from "../open-images.ts";
import { shortId } from "../output/image-text.ts";
import { formatTable } from "../output/table.ts";
import { timeAgo } from "../output/time-ago.ts";
import { withPatience } from "../with-progress.ts";

interface DuFlags extends GlobalFlags {
  readonly verbose?: boolean;
  readonly json?: boolean;
  readonly filter: readonly string[];
}

export function define(command: Command, io: CliIo): void {
  command
    .usage("[OPTIONS]")
    .option("-v, --verbose", "Show each image, stage, cache mount and volume")
    .option(
      "--filter <filter>",
      "Only what this is true of: until=AGE, type=regular (results) or type=exec.cachemount (cache mounts)",
      (value: string, previous: readonly string[]) => [...previous, value],
      [],
    )
    .option("--json", "Show everything as JSON, sizes in bytes")
    .action(async () => {
      const flags = command.optsWithGlobals<DuFlags>();
      const filter = toUsageFilter(flags.filter);
      const store = openCliStore(flags, io);
      const { diskUsage } = await import("../../image/index.ts");
      const { StepEngine } = await import("../../build/index.ts");
      const usage = await withPatience("measuring the store", io, async (work) => {
        await using steps = new StepEngine({ store, ...work });
        return await diskUsage(
          store,
          async (paths) => (await (await steps.worker()).measure({ paths })).sizesBytes,
          filter,
        );
      });
      io.stdout.write(
        flags.json ? `${JSON.stringify(usage, undefined, 2)}\n` : usageText(usage, flags, filter),
      );
    });
}

function toUsageFilter(texts: readonly string[]): UsageFilter {
  const { ages, type } = parseUsageFilters(texts);
  return {
    ...(ages.length > 0 && { usedBeforeMs: Date.now() - Math.max(...ages) }),
    ...(type && { kind: type === "regular" ? "results" : "mounts" }),
  };
}

function usageText(usage: DiskUsage, { verbose }: DuFlags, { kind }: UsageFilter): string {
  const { images, layers, blobs, mounts, volumes } = usage.totals;
  const rows = [
    ...(kind === undefined ? [totalRow("Images", images)] : []),
    ...(kind === "mounts"
      ? []
      : [totalRow("Layers", layers), totalRow("Packed layers and documents", blobs)]),
    ...(kind === "results" ? [] : [totalRow("Cache mounts", mounts)]),
    ...(kind === undefined ? [totalRow("Volumes", volumes)] : []),
  ];
  const summary = formatTable(["TYPE", "COUNT", "SIZE", "RECLAIMABLE"], rows);
  if (!verbose) return summary;
  const tables = [
    ...(kind === undefined ? [imageTable(usage)] : []),
    ...(kind === "mounts" ? [] : [stageTable(usage)]),
    ...(kind === "results" ? [] : [mountTable(usage)]),
    ...(kind === undefined ? [volumeTable(usage)] : []),
  ];
  return [summary, ...tables].join("\n");
}

function totalRow(name: string, { count, sizeBytes, reclaimableBytes }: UsageTotal): string[] {
  return [name, String(count), formatBytes(sizeBytes), formatBytes(reclaimableBytes)];
}

function imageTable({ images }: DiskUsage): string {
  return formatTable(
    ["IMAGE", "ID", "TARGET", "SIZE", "SHARED", "UNIQUE"],
    images.map(({ id, names, target, sizeBytes, sharedBytes }) => [
      names[0] ?? "<none>",
      shortId(id),
      target ?? "",
      formatBytes(sizeBytes),
      formatBytes(sharedBytes),
      formatBytes(sizeBytes - sharedBytes),
    ]),
  );
}

function stageTable({ stages }: DiskUsage): string {
  return formatTable(
    ["STAGE", "PROJECT", "LAYERS", "SIZE", "LAST USED"],
    stages.map(({ stage, project, layers, sizeBytes, usedAtMs }) => [
      stage ?? "(base images, sources)",
      project ?? "",
      String(layers),
      formatBytes(sizeBytes),
      timeAgo(usedAtMs),
    ]),
  );
}

function mountTable({ mounts }: DiskUsage): string {
  return formatTable(
    ["CACHE MOUNT", "NAMESPACE", "SIZE", "LAST USED"],
    mounts.map(({ id, namespace, sizeBytes, usedAtMs }) => [
      id,
      namespace,
      formatBytes(sizeBytes),
      timeAgo(usedAtMs),
    ]),
  );
}

function volumeTable({ volumes }: DiskUsage): string {
  return formatTable(
    ["VOLUME", "SIZE", "LAST USED"],
    volumes.map(({ name, sizeBytes, usedAtMs }) => [name, formatBytes(sizeBytes), timeAgo(usedAtMs)]),
  );
}
