import type { StoredRecord } from "../image/index.ts";
import { familiarReference, type ImageReference, parseReference } from "../oci/index.ts";
import type { EmitEvent } from "../progress/index.ts";
import { BuildError } from "./build-error.ts";
import { normaliseTag } from "./normalise-tag.ts";
import type { BuildOptions, BuildResult, OutputSpec } from "./options.ts";
import { pushImage } from "./push-image.ts";
import type { StepEngine } from "./step-engine.ts";
import { writeArchive } from "./write-archive.ts";
import { writeTree } from "./write-tree.ts";

export interface OutputEnvironment {
  readonly options: Pick<BuildOptions, "outputs">;
  readonly steps: StepEngine;
  readonly emit: EmitEvent;
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
      case "registry": {
        const record = await toRecord(output.rewriteTimestamp ?? false);
        const { pushed, line } = await push(record, names, { output, ...environment });
        outputs.push(line);
        image = pushed;
        break;
      }
    }
  }
  return { outputs, image };
}

interface PushEnvironment extends OutputEnvironment {
  readonly output: Extract<OutputSpec, { type: "registry" }>;
}

async function push(
  record: StoredRecord,
  names: readonly string[],
  { output, steps, emit }: PushEnvironment,
) {
  const { compression = "gzip", level, byDigest } = output;
  const references = byDigest
    ? byDigest.names.map((name) => withoutTag(parseReference(normaliseTag(name))))
    : names.map(parseReference);
  const form = { compression, ...(level !== undefined && { level }) };
  const { manifest, config } = await pushImage(record, references, { steps, emit, form });
  return {
    pushed: { manifest, ...(config && { configDigest: config.digest }) },
    line: `image to ${references.map(familiarReference).join(", ")}, digest ${manifest.digest}`,
  };
}

function withoutTag({ domain, path }: ImageReference): ImageReference {
  return { domain, path };
}

/** @throws {BuildError} `INVALID_OUTPUT` for what cannot be written however the build ends */
export function checkOutputs(
  outputs: readonly OutputSpec[],
  { isMultiPlatform, names }: { readonly isMultiPlatform: boolean; readonly names: readonly string[] },
): void {
  for (const output of outputs) {
    if (output.type === "docker" && isMultiPlatform) {
      throw new BuildError(
        "INVALID_OUTPUT",
        "docker exporter does not support exporting manifest lists, use the oci exporter instead",
      );
    }
    if (output.type !== "registry") continue;
    if ((output.byDigest?.names ?? names).length === 0) {
      throw new BuildError("INVALID_OUTPUT", "tag is needed when pushing to registry", {
        hint: "Name the image with -t REGISTRY/NAME",
      });
    }
  }
}
