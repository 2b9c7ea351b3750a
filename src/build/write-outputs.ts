import type { ImageRecord } from "../image/index.ts";
import { writeArchive } from "./write-archive.ts";
import { writeTree } from "./write-tree.ts";
import type { BuildOptions, BuildResult } from "./options.ts";
import type { StepEngine } from "./step-engine.ts";

export interface OutputEnvironment {
  readonly options: Pick<BuildOptions, "outputs">;
  readonly steps: StepEngine;
}

export interface WrittenOutputs {
  /** One line for each output, for the summary. */
  readonly outputs: readonly string[];
  readonly image: Pick<BuildResult, "configDigest" | "manifest">;
}

/** Writes the outputs of a build, one after another: archives through the exporter, trees through the worker. */
export async function writeOutputs(
  record: ImageRecord,
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
        outputs.push(await writeTree(record, output, environment.steps));
        break;
      case "oci":
      case "docker": {
        const { type: format, ...rest } = output;
        const [written] = await writeArchive([{ record, names }], { format, ...rest }, environment.steps);
        outputs.push(`${format} archive to ${output.dest === "-" ? "standard output" : output.dest}`);
        if (written) image = { configDigest: written.configDigest, manifest: written.manifest };
        break;
      }
    }
  }
  return { outputs, image };
}
