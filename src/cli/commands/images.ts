import { type Command, Option } from "commander";
import { ImageSizes, type StoredImage } from "../../image/index.ts";
import { formatBytes, isoTime } from "../../util/index.ts";
import type { CliIo } from "../cli-io.ts";
import { addRefused } from "../flags/unsupported-options.ts";
import { type GlobalFlags, openImages } from "../open-images.ts";
import { createdMs, nameParts, shortId } from "../output/image-text.ts";
import { formatTable } from "../output/table.ts";
import { timeAgo } from "../output/time-ago.ts";
import { UsageError } from "../usage-error.ts";

interface ImagesFlags extends GlobalFlags {
  readonly quiet?: boolean;
  readonly digests?: boolean;
  readonly trunc: boolean;
  readonly format: "table" | "json";
}

export function define(command: Command, io: CliIo): void {
  addRefused(command, [["-f, --filter <filter>", "name a REPOSITORY[:TAG], or pipe --format json into jq"]]);
  command
    .usage("[OPTIONS] [REPOSITORY[:TAG]]")
    .argument("[repository]", "show only images of this repository, or of this name")
    .option("-q, --quiet", "Show only IDs")
    .addOption(new Option("-a, --all", "Show every image, which is done in any case").hideHelp())
    .option("--digests", "Show the digest that a pulled image was found under")
    .option("--no-trunc", "Show whole IDs")
    .addOption(
      new Option("--format <format>", "table, or json for one object per line")
        .choices(["table", "json"])
        .argParser(parseFormat)
        .default("table"),
    )
    .action((repository: string | undefined) => {
      const flags = command.optsWithGlobals<ImagesFlags>();
      io.stdout.write(imagesText(repository, flags, io));
    });
}

function parseFormat(value: string): ImagesFlags["format"] {
  if (value === "table" || value === "json") return value;
  const options = value.includes("{{") ? { hint: "pipe --format json into jq" } : {};
  const text = `Cannot show images in the format ${JSON.stringify(value)}: known are table and json`;
  throw new UsageError(text, options);
}

interface ImageRow {
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
  readonly id: string;
  readonly createdMs: number;
  readonly sizeBytes: number;
}

function imagesText(repository: string | undefined, flags: ImagesFlags, io: CliIo): string {
  const { store, images } = openImages(flags, io);
  const sizes = new ImageSizes(store);
  const rows = images
    .list()
    .flatMap((image) => imageRows(image, flags, sizes))
    .filter((row) => repository === undefined || matches(row, repository));
  if (flags.quiet) return [...new Set(rows.map(({ id }) => `${id}\n`))].join("");
  return flags.format === "json" ? rows.map(jsonLine).join("") : table(rows, flags);
}

function imageRows(image: StoredImage, { trunc }: ImagesFlags, sizes: ImageSizes): ImageRow[] {
  return nameParts(image).map(({ repository, tag }) => ({
    repository,
    tag,
    digest: image.record.origin?.digest ?? "<none>",
    id: trunc ? shortId(image.id) : image.id,
    createdMs: createdMs(image),
    sizeBytes: sizes.sizeOf(image.record),
  }));
}

function matches(row: ImageRow, wanted: string): boolean {
  return wanted === row.repository || wanted === `${row.repository}:${row.tag}`;
}

function table(rows: readonly ImageRow[], { digests }: ImagesFlags): string {
  const heads = ["REPOSITORY", "TAG", ...(digests ? ["DIGEST"] : []), "IMAGE ID", "CREATED", "SIZE"];
  const cells = rows.map((row) => [
    row.repository,
    row.tag,
    ...(digests ? [row.digest] : []),
    row.id,
    row.createdMs === 0 ? "N/A" : timeAgo(row.createdMs),
    formatBytes(row.sizeBytes),
  ]);
  return formatTable(heads, cells);
}

/** Keys are Docker's. */
function jsonLine(row: ImageRow): string {
  const fields = {
    CreatedAt: isoTime(row.createdMs),
    CreatedSince: row.createdMs === 0 ? "N/A" : timeAgo(row.createdMs),
    Digest: row.digest,
    ID: row.id,
    Repository: row.repository,
    Size: formatBytes(row.sizeBytes),
    Tag: row.tag,
  };
  return `${JSON.stringify(fields)}\n`;
}
