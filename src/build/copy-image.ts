import { existsSync } from "node:fs";
import path from "node:path";
import { ImageStore, type StoredRecord } from "../image/index.ts";
import { formatReference, parseReference } from "../oci/index.ts";
import { type EmitEvent, reportStep } from "../progress/index.ts";
import { BuildError } from "./build-error.ts";
import { copyBetweenRegistries } from "./copy-registries.ts";
import type { ImagePlace } from "./image-place.ts";
import { normaliseNewTag, normaliseTag } from "./normalise-tag.ts";
import { pushImage } from "./push-image.ts";
import type { StepEngine } from "./step-engine.ts";
import { type ArchiveOutput, writeArchive } from "./write-archive.ts";

export interface CopyEnvironment {
  readonly steps: StepEngine;
  readonly emit: EmitEvent;
  readonly signal: AbortSignal;
  /** Copy what is kept beside the image too; between registries alone. */
  readonly withReferrers?: boolean;
}

/** An image on its way. */
interface FoundImage {
  readonly record: StoredRecord;
  /** Normalised name that it has where it comes from. */
  readonly name?: string | undefined;
}

/** Copies an image, with all its platforms, from one place to another. Between registries it is copied byte for byte; blobs that
 * pass through the store stay there until a prune.
 * @throws {BuildError} `INVALID_OUTPUT` | `INVALID_TAG`; what reading from and writing to these places throws */
export async function copyImage(
  source: ImagePlace,
  target: ImagePlace,
  environment: CopyEnvironment,
): Promise<void> {
  if (source.kind === "registry" && target.kind === "registry") {
    await copyBetweenRegistries(parseReference(source.name), parseReference(target.name), environment);
    return;
  }
  if (environment.withReferrers) {
    throw new BuildError("INVALID_OUTPUT", "Cannot copy referrers: they are kept by registries alone", {
      hint: "attestations in the index of an image are copied without --recursive",
    });
  }
  await put(await find(source, environment), target, environment);
}

async function find(source: ImagePlace, { steps, signal }: CopyEnvironment): Promise<FoundImage> {
  const { store, resolver } = steps;
  switch (source.kind) {
    case "registry":
      return { record: await resolver.fetchWhole(source.name), name: source.name };
    case "layout": {
      const { readWholeLayout } = await import("../exporter/index.ts");
      const directory = path.resolve(source.directory);
      return { record: await readWholeLayout(store, { directory, tag: source.tag ?? "latest" }, { signal }) };
    }
    case "archive":
      return await findInArchive(source, { steps, signal });
    case "engine":
      throw new BuildError(
        "INVALID_OUTPUT",
        `Cannot copy from ${source.engine}: images are only handed to it`,
        {
          hint: "docker save NAME | slipway load",
        },
      );
    case "store": {
      const { record, names } = new ImageStore(store).find(source.name);
      const asked = names.find((name) => name === tryNormalise(source.name));
      return { record, name: asked ?? names[0] };
    }
  }
}

async function findInArchive(
  { file, name }: Extract<ImagePlace, { kind: "archive" }>,
  { steps, signal }: Pick<CopyEnvironment, "steps" | "signal">,
): Promise<FoundImage> {
  const absolute = path.resolve(file);
  if (!existsSync(absolute))
    throw new BuildError("INVALID_OUTPUT", `Cannot copy from "${file}": no such file`);
  const { readArchive } = await import("../exporter/index.ts");
  const images = await readArchive(steps.store, absolute, { signal });
  const found = name === undefined ? images : images.filter(({ names }) => names.includes(name));
  const [only, ...others] = found;
  if (only && others.length === 0) return { record: only.record, name: name ?? only.names[0] };
  const known = images.flatMap(({ names }) => names).join(", ");
  throw new BuildError(
    "INVALID_OUTPUT",
    `Cannot copy from "${file}": ${only ? "it holds several images" : `it has no image ${name ?? ""}`.trim()}`,
    { hint: known === "" ? undefined : `it has ${known}; name one behind the file` },
  );
}

async function put(
  found: FoundImage,
  target: ImagePlace,
  { steps, emit, signal }: CopyEnvironment,
): Promise<void> {
  const { record, name } = found;
  switch (target.kind) {
    case "registry":
      await pushImage(record, [parseReference(target.name)], { steps, emit });
      return;
    case "layout": {
      const named = target.tag === undefined ? name : withTag(name, target.tag);
      const output = { format: "oci", dest: target.directory, isLayout: true } as const;
      await write(record, named, { output, steps, emit });
      return;
    }
    case "archive":
      await write(record, target.name ?? name, {
        output: { format: target.format, dest: target.file },
        steps,
        emit,
      });
      return;
    case "engine": {
      const names = [normaliseNewTag(target.name)];
      const { loadImage } = await import("./load-image.ts");
      await loadImage(record, { engine: target.engine }, { names, steps, emit, signal });
      return;
    }
    case "store": {
      const images = new ImageStore(steps.store);
      images.setName(normaliseNewTag(target.name), images.putRecord(record));
    }
  }
}

async function write(
  record: StoredRecord,
  name: string | undefined,
  { output, steps, emit }: Pick<CopyEnvironment, "steps" | "emit"> & { readonly output: ArchiveOutput },
): Promise<void> {
  const images = [{ record, names: name === undefined ? [] : [name] }];
  const step = { id: `internal:write:${output.dest}`, name: `writing ${output.dest}` };
  await reportStep(emit, step, () => writeArchive(images, output, steps));
}

/** The name with another tag; an image without one is named after its tag alone. */
function withTag(name: string | undefined, tag: string): string {
  if (name === undefined) return normaliseTag(`localhost/image:${tag}`);
  const { domain, path: repository } = parseReference(name);
  return formatReference({ domain, path: repository, tag });
}

function tryNormalise(text: string): string | undefined {
  try {
    return normaliseTag(text);
  } catch (error) {
    if (error instanceof BuildError) return undefined;
    throw error;
  }
}
