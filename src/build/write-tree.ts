import { createReadStream, rmSync } from "node:fs";
import path from "node:path";
import { CodedError } from "../errors/index.ts";
import { type ImageRecord, imagesOf, platformOf, type StoredRecord } from "../image/index.ts";
import { formatPlatform, normalizePlatform, type Platform } from "../oci/index.ts";
import { BuildError } from "./build-error.ts";
import { epochOf } from "./image-times.ts";
import { isMultiPlatform } from "./multi-platform.ts";
import type { BuildOptions, OutputSpec } from "./options.ts";
import type { StepEngine } from "./step-engine.ts";

type TreeOutput = Extract<OutputSpec, { type: "local" | "tar" }>;

interface TreeEnvironment {
  readonly steps: StepEngine;
  readonly epochSeconds: number | undefined;
  /** Of the build; without them nothing is said of the tree. */
  readonly options?: Pick<BuildOptions, "attestations" | "platforms" | "buildArgs">;
}

/** Writes the flattened tree of an image into a directory or a tar; that of an image for several platforms has a directory for
 * each, `linux_amd64`. A tar file appears whole, and for `-` it goes to standard output. As in BuildKit every file has the
 * build's time, where it was given one.
 * @returns one line for the summary */
export async function writeTree(
  record: StoredRecord,
  output: TreeOutput,
  { steps, epochSeconds, options }: TreeEnvironment,
): Promise<string> {
  const images = imagesOf(record);
  const { platformSplit = images.length > 1 || (options !== undefined && isMultiPlatform(options)) } = output;
  const trees = await Promise.all(
    images.map(async (image) => {
      const lowers = await steps.directoriesOf(image);
      const above = await statementsOf(image, lowers, { output, steps, ...(options && { options }) });
      return {
        lowers,
        name: formatPlatform(normalizePlatform(platformOf(image))),
        ...(platformSplit && { directory: directoryName(platformOf(image)) }),
        ...(above !== undefined && { above }),
      };
    }),
  );
  const worker = await steps.worker();
  const seconds = epochOf(epochSeconds, output);
  const times = seconds === undefined ? {} : { times: { rule: "exactly", seconds } as const };
  if (output.type === "local") {
    const dest = path.resolve(output.dest);
    const { isMirror = false } = output;
    await worker
      .exportTree({ trees, dest, form: "directory", isMirror, ...times })
      .catch((error: unknown) => withOutput(error, output.dest));
    return `files to ${output.dest}`;
  }
  const writeTar = (file: string) => worker.exportTree({ trees, dest: file, form: "tar", ...times });
  if (output.dest !== "-") {
    const { placeFile } = await import("../exporter/index.ts");
    await placeFile(output.dest, writeTar).catch((error: unknown) => withOutput(error, output.dest));
    return `tar to ${output.dest}`;
  }
  const temporary = steps.store.temp.newPath("tar");
  try {
    await writeTar(temporary);
    const { writeToStream } = await import("../exporter/index.ts");
    await writeToStream(createReadStream(temporary), process.stdout, steps.signal);
  } finally {
    rmSync(temporary, { force: true });
  }
  return "tar to standard output";
}

/** It is not the store's disk that is full. */
async function withOutput(error: unknown, dest: string): Promise<never> {
  if (!(error instanceof CodedError) || error.code !== "NO_SPACE") throw error;
  const { fullOutputHint } = await import("../exporter/index.ts");
  throw new BuildError("NO_SPACE", `Cannot write ${JSON.stringify(dest)}`, {
    cause: error,
    hint: fullOutputHint,
  });
}

/** A directory with what is said of the tree. */
async function statementsOf(
  { attestations }: ImageRecord,
  lowers: readonly string[],
  { output, steps, options }: Pick<TreeEnvironment, "steps" | "options"> & { readonly output: TreeOutput },
): Promise<string | undefined> {
  if (!attestations || !options) return undefined;
  const { writeStatements } = await import("./attest/write-statements.ts");
  const prefix = output.attestationPrefix ?? "";
  const provenance = options.attestations?.provenance;
  return await writeStatements(attestations, lowers, { steps, prefix, provenance });
}

function directoryName(platform: Platform): string {
  return formatPlatform(normalizePlatform(platform)).replaceAll("/", "_");
}
