import type { Command } from "commander";
import { StepEngine } from "../../build/index.ts";
import { layerSizes, previousSizes } from "../../image/index.ts";
import { formatBytes } from "../../util/index.ts";
import type { CliIo } from "../cli-io.ts";
import { parseSize } from "../flags/amounts.ts";
import { openCliStore } from "../open-images.ts";
import { type ImageSizeReport, sizeText } from "../output/size-text.ts";
import { addSubjectOptions, openSubject, type SubjectFlags } from "../subject-image.ts";
import { type Work, withPatience } from "../with-progress.ts";

interface SizeFlags extends SubjectFlags {
  readonly compressed?: boolean;
  readonly maxSize?: string;
  readonly json?: boolean;
}

export function define(command: Command, io: CliIo): void {
  addSubjectOptions(
    command
      .usage("[OPTIONS] [IMAGE|STAGE]")
      .argument("[image]", "an image of the store, or a stage of the Dockerfile (default: its last one)"),
  )
    .option("--target <stage>", "The stage, as for build")
    .option("--compressed", "Pack layers that were never packed, to tell their compressed size")
    .option("--max-size <size>", "Exit with 1 when the files take more than this, e.g. 200MB")
    .option("--json", "Show everything as JSON, sizes in bytes")
    .action(async (name: string | undefined) => {
      const flags = command.optsWithGlobals<SizeFlags & { target?: string }>();
      const limit = flags.maxSize === undefined ? undefined : parseSize("--max-size", flags.maxSize);
      const report = await withPatience(`measuring ${name ?? flags.target ?? "the last stage"}`, io, (work) =>
        measureImage(name ?? flags.target, { flags, io, work }),
      );
      io.stdout.write(flags.json ? `${JSON.stringify(report, undefined, 2)}\n` : sizeText(report));
      if (limit === undefined || report.sizeBytes <= limit) return;
      const sizes = `${formatBytes(report.sizeBytes)}, more than ${formatBytes(limit)}`;
      io.stderr.write(`ERROR: ${report.title} takes ${sizes}\n`);
      io.exitCode = 1;
    });
}

async function measureImage(
  name: string | undefined,
  { flags, io, work }: { flags: SizeFlags; io: CliIo; work: Work },
): Promise<ImageSizeReport> {
  const store = openCliStore(flags, io);
  const { title, record, layers } = await openSubject(name, { flags, io, store, work });
  await using steps = new StepEngine({ store, ...work });
  const { files } = await (await steps.worker()).listTree({ lowers: layers, under: "/" });
  const compressed = await Promise.all(
    record.layers.map(async (layer) => {
      if (layer.kind === "blob") return layer.blob.size;
      if (flags.compressed) return (await steps.packer.blob(layer.layer, { compression: "gzip" })).blob.size;
      return store.layers.readPack(layer.layer)?.blobs[0]?.size;
    }),
  );
  const measured = layerSizes(store, record).map(({ step, sizeBytes }, index) => {
    const compressedBytes = compressed[index];
    return { step, sizeBytes, ...(compressedBytes !== undefined && { compressedBytes }) };
  });
  const previous = previousSizes(store, record);
  return {
    title,
    sizeBytes: files.reduce((sum, file) => sum + file.sizeBytes, 0),
    layers: measured,
    directories: directorySizes(files),
    ...(previous && { previous }),
  };
}

/** Sizes of the directories of the first two levels, those that count, the largest first. */
function directorySizes(
  files: readonly { readonly path: string; readonly sizeBytes: number }[],
): ImageSizeReport["directories"] {
  const sizes = new Map<string, number>();
  for (const { path, sizeBytes } of files) {
    const parts = path.split("/").slice(1, -1);
    for (const depth of [1, 2]) {
      if (parts.length < depth || sizeBytes === 0) continue;
      const directory = `/${parts.slice(0, depth).join("/")}`;
      sizes.set(directory, (sizes.get(directory) ?? 0) + sizeBytes);
    }
  }
  return [...sizes]
    .map(([path, sizeBytes]) => ({ path, sizeBytes }))
    .sort((a, b) => b.sizeBytes - a.sizeBytes)
    .slice(0, shownDirectories);
}

const shownDirectories = 15;
