import { realpathSync } from "node:fs";
import path from "node:path";
import type { StoredRecord } from "../image/index.ts";
import { familiarReference, hostPlatform, type ImageReference, parseReference } from "../oci/index.ts";
import { type EmitEvent, reportStep } from "../progress/index.ts";
import { hasIndexedAttestations } from "./attest/attestation-options.ts";
import { BuildError } from "./build-error.ts";
import { checkAnnotations, settingsOf } from "./image-settings.ts";
import { isMultiPlatform } from "./multi-platform.ts";
import { normaliseNewTag, normaliseTag } from "./normalise-tag.ts";
import type { BuildOptions, BuildResult, ImageSettings, OutputSpec } from "./options.ts";
import { pushImage } from "./push-image.ts";
import type { StepEngine } from "./step-engine.ts";
import { writeArchive } from "./write-archive.ts";
import { writeTree } from "./write-tree.ts";

export interface OutputEnvironment {
  readonly options: Pick<
    BuildOptions,
    "outputs" | "imageSettings" | "attestations" | "platforms" | "buildArgs"
  >;
  readonly steps: StepEngine;
  readonly emit: EmitEvent;
  readonly signal: AbortSignal;
  /** The build's time, which files of a tree get. */
  readonly epochSeconds: number | undefined;
}

export interface WrittenOutputs {
  /** One line for each output, for the summary. */
  readonly outputs: readonly string[];
  readonly image: Pick<BuildResult, "configDigest" | "manifest">;
}

/** Writes the outputs of a build, one after another: archives through the exporter, trees through the worker.
 * @param toRecord the image as an output asks for it
 * @throws {BuildError} `INVALID_OUTPUT` for an archive that cannot hold an image for several platforms */
export async function writeOutputs(
  toRecord: (settings: ImageSettings) => Promise<StoredRecord>,
  names: readonly string[],
  environment: OutputEnvironment,
): Promise<WrittenOutputs> {
  const outputs: string[] = [];
  let image: WrittenOutputs["image"] = {};
  for (const output of environment.options.outputs) {
    switch (output.type) {
      case "cacheonly":
        break;
      case "load": {
        const record = await toRecord(environment.options.imageSettings ?? {});
        if (environment.options.attestations) environment.emit({ kind: "note", text: loadedWithout });
        const { loadImage } = await import("./load-image.ts");
        outputs.push(await loadImage(record, output.choice, { ...environment, names }));
        break;
      }
      case "local":
      case "tar":
        outputs.push(
          await exporting(output, environment, async () =>
            writeTree(await toRecord({}), output, environment),
          ),
        );
        break;
      case "oci":
      case "docker": {
        const { type: format, dest, isLayout = false } = output;
        const [written] = await exporting(output, environment, async () => {
          const images = [{ record: await toRecord(output), names: namesOf(output, names) }];
          return await writeArchive(images, { format, dest, isLayout }, environment.steps);
        });
        const what = isLayout ? "OCI layout" : `${format} archive`;
        outputs.push(`${what} to ${dest === "-" ? "standard output" : dest}`);
        if (written) image = written;
        break;
      }
      case "registry": {
        const record = await toRecord(output);
        const { pushed, line } = await push(record, namesOf(output, names), { output, ...environment });
        outputs.push(line);
        image = pushed;
        break;
      }
    }
  }
  return { outputs, image };
}

const exported = {
  local: "client directory",
  tar: "client tarball",
  oci: "oci image format",
  docker: "docker image format",
} as const;

/** A step of its own, in BuildKit's words. */
async function exporting<Value>(
  { type, dest }: Extract<OutputSpec, { type: keyof typeof exported }>,
  { emit }: OutputEnvironment,
  work: () => Promise<Value>,
): Promise<Value> {
  return await reportStep(
    emit,
    { id: `internal:export:${type}:${dest}`, name: `exporting to ${exported[type]}` },
    work,
  );
}

const loadedWithout = "attestations are not loaded with the image: they stay with that of the store";

/** Normalised. @param names those of the build */
function namesOf(
  output: { readonly names?: readonly string[] },
  names: readonly string[],
): readonly string[] {
  return output.names?.map(normaliseNewTag) ?? names;
}

interface PushEnvironment extends OutputEnvironment {
  readonly output: Extract<OutputSpec, { type: "registry" }>;
}

async function push(
  record: StoredRecord,
  names: readonly string[],
  { output, steps, emit }: PushEnvironment,
) {
  const { byDigest } = output;
  const references = byDigest
    ? byDigest.names.map((name) => withoutTag(parseReference(normaliseTag(name))))
    : names.map(parseReference);
  const { manifest, config } = await pushImage(record, references, { steps, emit });
  return {
    pushed: { manifest, ...(config && { configDigest: config.digest }) },
    line: `image to ${references.map(familiarReference).join(", ")}, digest ${manifest.digest}`,
  };
}

function withoutTag({ domain, path }: ImageReference): ImageReference {
  return { domain, path };
}

/** @throws {BuildError} `INVALID_OUTPUT`, {LoadError} `NAME_MISSING` for what cannot be written however the build ends */
export async function checkOutputs(options: BuildOptions, names: readonly string[]): Promise<void> {
  const isIndexed = isMultiPlatform(options) || hasIndexedAttestations(options);
  const { platforms = [hostPlatform()] } = options;
  checkAnnotations(settingsOf(options), { isIndexed, platforms });
  for (const output of options.outputs) {
    checkMirror(output, options);
    checkAttested(output, options);
    if (output.type === "docker" && isIndexed) {
      throw new BuildError(
        "INVALID_OUTPUT",
        "docker exporter does not support exporting manifest lists, use the oci exporter instead",
      );
    }
    if (output.type === "load") {
      const { checkNames } = await import("../loading/index.ts");
      checkNames(output.choice, names, process.env);
    }
    if (output.type !== "registry") continue;
    if ((output.byDigest?.names ?? namesOf(output, names)).length === 0) {
      throw new BuildError("INVALID_OUTPUT", "tag is needed when pushing to registry", {
        hint: "name the image with -t REGISTRY/NAME",
      });
    }
  }
}

/** Only registries keep referrers. */
function checkAttested({ type }: OutputSpec, { attestations }: BuildOptions): void {
  if (attestations?.areReferrers && (type === "oci" || type === "docker")) {
    throw new BuildError("INVALID_OUTPUT", `Cannot write referrers to an output of type=${type}`, {
      hint: "they are kept by a registry; use form=index, or push the image",
    });
  }
}

/** A directory that holds the build's own files is not emptied, however it was meant. */
function checkMirror(output: OutputSpec, { contextDir = process.cwd() }: BuildOptions): void {
  if (output.type !== "local" || !output.isMirror) return;
  const dest = realPath(output.dest);
  const held = [contextDir, process.cwd()].find((directory) => isInside(realPath(directory), dest));
  if (held === undefined) return;
  throw new BuildError(
    "INVALID_OUTPUT",
    `Cannot empty "${output.dest}" for mode=delete: it holds "${held}"`,
    {
      hint: "name a directory that is for this output alone",
    },
  );
}

/** Links are followed as far as there is something. */
function realPath(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return path.resolve(file);
  }
}

function isInside(file: string, directory: string): boolean {
  return file === directory || file.startsWith(directory === "/" ? "/" : `${directory}/`);
}
