import { createReadStream, rmSync } from "node:fs";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { imagesOf, isIndex, platformOf, type StoredRecord } from "../image/index.ts";
import { formatPlatform, normalizePlatform, type Platform } from "../oci/index.ts";
import type { OutputSpec } from "./options.ts";
import type { StepEngine } from "./step-engine.ts";

type TreeOutput = Extract<OutputSpec, { type: "local" | "tar" }>;

/** Writes the flattened tree of an image into a directory or a tar; that of an image for several platforms has a directory for
 * each, `linux_amd64`. A tar file appears whole, and for `-` it goes to standard output. As in BuildKit every file has the
 * build's time, where it was given one.
 * @returns one line for the summary */
export async function writeTree(
  record: StoredRecord,
  output: TreeOutput,
  { steps, epochSeconds }: { readonly steps: StepEngine; readonly epochSeconds: number | undefined },
): Promise<string> {
  const { platformSplit = isIndex(record) } = output;
  const trees = await Promise.all(
    imagesOf(record).map(async (image) => ({
      lowers: await steps.directoriesOf(image),
      name: formatPlatform(normalizePlatform(platformOf(image))),
      ...(platformSplit && { directory: directoryName(platformOf(image)) }),
    })),
  );
  const worker = await steps.worker();
  const times =
    epochSeconds === undefined ? {} : { times: { rule: "exactly", seconds: epochSeconds } as const };
  if (output.type === "local") {
    const dest = path.resolve(output.dest);
    const { isMirror = false } = output;
    await worker.exportTree({ trees, dest, form: "directory", isMirror, ...times });
    return `files to ${output.dest}`;
  }
  const writeTar = (file: string) => worker.exportTree({ trees, dest: file, form: "tar", ...times });
  if (output.dest !== "-") {
    const { placeFile } = await import("../exporter/index.ts");
    await placeFile(output.dest, writeTar);
    return `tar to ${output.dest}`;
  }
  const temporary = steps.store.temp.newPath("tar");
  try {
    await writeTar(temporary);
    await pipeline(createReadStream(temporary), process.stdout, { end: false });
  } finally {
    rmSync(temporary, { force: true });
  }
  return "tar to standard output";
}

function directoryName(platform: Platform): string {
  return formatPlatform(normalizePlatform(platform)).replaceAll("/", "_");
}
