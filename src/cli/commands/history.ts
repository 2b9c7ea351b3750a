import { type Command, Option } from "commander";
import { type ImageRecord, ImageSizes, requireImage, shownImage } from "../../image/index.ts";
import { parsePlatform } from "../../oci/index.ts";
import { formatBytes, isoTime } from "../../util/index.ts";
import type { CliIo } from "../cli-io.ts";
import { type GlobalFlags, openImages } from "../open-images.ts";
import { shortId } from "../output/image-text.ts";
import { formatTable } from "../output/table.ts";
import { timeAgo } from "../output/time-ago.ts";

interface HistoryFlags extends GlobalFlags {
  readonly trunc: boolean;
  readonly quiet?: boolean;
  readonly format: "table" | "json";
  readonly platform?: string;
}

interface ShownImage {
  readonly id: string;
  readonly record: ImageRecord;
}

export function define(command: Command, io: CliIo): void {
  command
    .usage("[OPTIONS] IMAGE")
    .argument("<image>", "name or ID")
    .option("--no-trunc", "Show whole commands and IDs")
    .option("-q, --quiet", "Show only IDs")
    .option("--platform <platform>", "Which image of an image for several platforms")
    .addOption(
      new Option("--format <format>", "table, or json for one object per line")
        .choices(["table", "json"])
        .default("table"),
    )
    .action((name: string) => {
      const flags = command.optsWithGlobals<HistoryFlags>();
      const { store, images } = openImages(flags, io);
      const image = images.find(name);
      const platform = flags.platform === undefined ? undefined : parsePlatform(flags.platform);
      const record =
        platform === undefined ? shownImage(store, image.record) : requireImage(store, image, platform);
      io.stdout.write(historyText({ id: image.id, record }, new ImageSizes(store), flags));
    });
}

interface HistoryRow {
  readonly id: string;
  readonly createdMs: number;
  readonly createdBy: string;
  readonly sizeBytes: number;
  readonly comment: string;
}

function historyText(image: ShownImage, sizes: ImageSizes, flags: HistoryFlags): string {
  const rows = historyRows(image, sizes, flags);
  if (flags.quiet) return rows.map(({ id }) => `${id}\n`).join("");
  if (flags.format === "json") return rows.map(jsonLine).join("");
  return formatTable(
    ["IMAGE", "CREATED", "CREATED BY", "SIZE", "COMMENT"],
    rows.map((row) => [
      row.id,
      row.createdMs === 0 ? "N/A" : timeAgo(row.createdMs),
      flags.trunc ? ellipsis(row.createdBy, 45) : row.createdBy,
      formatBytes(row.sizeBytes),
      row.comment,
    ]),
  );
}

/** Newest first. The n-th entry that is not empty describes the n-th layer. */
function historyRows(image: ShownImage, sizes: ImageSizes, { trunc }: HistoryFlags): HistoryRow[] {
  const { layers, config } = image.record;
  let layer = 0;
  const rows = config.history.map((entry): HistoryRow => {
    const own = entry.empty_layer ? undefined : layers[layer++];
    return {
      id: "<missing>",
      createdMs: (entry.created && Date.parse(entry.created)) || 0,
      createdBy: (entry.created_by ?? "").replaceAll("\t", " "),
      sizeBytes: own ? sizes.layerSize(own) : 0,
      comment: entry.comment ?? "",
    };
  });
  const id = trunc ? shortId(image.id) : image.id;
  return rows.toReversed().map((row, index) => (index === 0 ? { ...row, id } : row));
}

function ellipsis(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

/** Keys are Docker's. */
function jsonLine(row: HistoryRow): string {
  const fields = {
    Comment: row.comment,
    CreatedAt: isoTime(row.createdMs),
    CreatedBy: row.createdBy,
    CreatedSince: row.createdMs === 0 ? "N/A" : timeAgo(row.createdMs),
    ID: row.id,
    Size: formatBytes(row.sizeBytes),
  };
  return `${JSON.stringify(fields)}\n`;
}
