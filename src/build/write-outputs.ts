import type { StoredRecord } from "../image/index.ts";
import { BuildError } from "./build-error.ts";
import type { BuildOptions, BuildResult, OutputSpec } from "./options.ts";
import type { StepEngine } from "./step-engine.ts";
import { writeArchive } from "./write-archive.ts";
import { writeTree } from "./write-tree.ts";

export interface OutputEnvironment {
  readonly options: Pick<BuildOptions, "outputs">;
  readonly steps: StepEngine;
  /** The build's time, which files of a tree get. */
  readonly epochSeconds: number | undefined;
}

export interface WrittenOutputs {
  /** One line for each output, for the summary. */
  readonly outputs: readonly string[];
  readonly image: Pick<BuildResult, "configDigest" | "manifest">;
}

/** Writes the outputs of a build, one after another: archives through the exporter, trees through the worker.
 * @param toRecord the image, with times of new layers rewritten or not
 * @throws {BuildError} `INVALID_OUTPUT` for an archive that cannot hold an image for several platforms */
export async function writeOutputs(
  toRecord: (rewriteTimestamp: boolean) => Promise<StoredRecord>,
  names: readonly string[],
  environment: OutputEnvironment,
): Promise<WrittenOutputs> {
  const outputs: string[] = [];
  let image: WrittenOutputs["image"] = {};
  for (const output of environment.options.outputs) {
    switch (output.type) {
      case "cacheonly":
        break;
      case "local":
      case "tar":
        outputs.push(await writeTree(await toRecord(false), output, environment));
        break;
      case "oci":
      case "docker": {
        const { type: format, rewriteTimestamp = false, ...rest } = output;
        const images = [{ record: await toRecord(rewriteTimestamp), names }];
        const [written] = await writeArchive(images, { format, ...rest }, environment.steps);
        outputs.push(`${format} archive to ${output.dest === "-" ? "standard output" : output.dest}`);
        if (written) image = written;
        break;
      }
    }
  }
  return { outputs, image };
}

/** @throws {BuildError} `INVALID_OUTPUT` */
export function checkOutputs(outputs: readonly OutputSpec[], isMultiPlatform: boolean): void {
  if (!isMultiPlatform || !outputs.some(({ type }) => type === "docker")) return;
  throw new BuildError(
    "INVALID_OUTPUT",
    "docker exporter does not support exporting manifest lists, use the oci exporter instead",
  );
}
