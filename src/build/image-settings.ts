import {
  type ImageForm,
  type ImageRecord,
  imagesOf,
  isIndex,
  platformOf,
  type StoredRecord,
} from "../image/index.ts";
import { formatPlatform, isSamePlatform, normalizePlatform, type Platform } from "../oci/index.ts";
import type { EmitEvent } from "../progress/index.ts";
import { hasIndexedAttestations } from "./attest/attestation-options.ts";
import { BuildError } from "./build-error.ts";
import type { Annotation, BuildOptions, ImageSettings, OutputSpec } from "./options.ts";

/** The image in the form that an output asks for, with its annotations. */
export function withSettings(record: StoredRecord, settings: ImageSettings): StoredRecord {
  const form = formOf(settings, imagesOf(record).some(isAttested));
  if (!isIndex(record)) return settled(record, form, settings);
  return {
    ...record,
    images: record.images.map((each) => ({ ...each, image: settled(each.image, form, settings) })),
    ...(form.mediaTypes && { mediaTypes: form.mediaTypes }),
    // Those of an index are for all its platforms, whichever one they name.
    ...annotationsOf(
      "annotations",
      settings.annotations?.filter(({ type }) => type === "index"),
    ),
    ...annotationsOf(
      "descriptorAnnotations",
      settings.annotations?.filter(({ type }) => type === "index-descriptor"),
    ),
  };
}

function settled(record: ImageRecord, form: ImageForm, { annotations }: ImageSettings): ImageRecord {
  const chosen = (type: Annotation["type"]) => {
    const own = annotations?.filter((each) => each.type === type && isFor(each, platformOf(record)));
    return own?.sort((a, b) => Number(a.platform !== undefined) - Number(b.platform !== undefined));
  };
  return {
    ...record,
    ...(Object.keys(form).length > 0 && { form }),
    ...annotationsOf("annotations", chosen("manifest")),
    ...annotationsOf("descriptorAnnotations", chosen("manifest-descriptor")),
  };
}

function isFor(annotation: Annotation, platform: Platform): boolean {
  return annotation.platform === undefined || isSamePlatform(annotation.platform, platform);
}

function annotationsOf<Name extends string>(
  name: Name,
  annotations: readonly Annotation[] | undefined,
): { [key in Name]?: Record<string, string> } {
  if (!annotations?.length) return {};
  const map = Object.fromEntries(annotations.map(({ key, value }) => [key, value]));
  return { [name]: map } as { [key in Name]: Record<string, string> };
}

/** Docker's documents know no attestations. */
function isAttested({ attestations }: ImageRecord): boolean {
  return attestations !== undefined && !attestations.areReferrers;
}

function formOf(settings: ImageSettings, hasAttestations: boolean): ImageForm {
  const { compression, level, isForced, mediaTypes } = settings;
  return {
    ...(compression !== undefined && { compression }),
    ...(level !== undefined && { level }),
    ...(isForced && { isForced }),
    ...(mediaTypes && !hasAttestations && !needsOci(settings) && { mediaTypes }),
  };
}

/** Docker's documents have annotations of the manifest only; eStargz needs those of layers. */
function needsOci(settings: ImageSettings): boolean {
  return settings.compression === "estargz" || hasOtherAnnotations(settings);
}

function hasOtherAnnotations({ annotations = [] }: ImageSettings): boolean {
  return annotations.some(({ type }) => type !== "manifest");
}

/** Says where a setting gives way to another. */
export function warnOfSettings(options: BuildOptions, emit: EmitEvent): void {
  const docker = settingsOf(options).filter(({ mediaTypes }) => mediaTypes === "docker");
  const warn = (what: string) =>
    emit({ kind: "note", text: `forcibly turning on oci-mediatype mode for ${what}` });
  if (docker.some(({ compression }) => compression === "estargz")) warn("estargz");
  if (docker.some(hasOtherAnnotations)) warn("annotations");
  if (docker.length > 0 && hasIndexedAttestations(options)) warn("attestations");
}

/** Every image that a build makes: the stored one, and those of its outputs. */
export function settingsOf({ imageSettings, outputs }: BuildOptions): readonly ImageSettings[] {
  const ofOutputs = outputs.filter((output): output is OutputSpec & ImageSettings => {
    return output.type === "docker" || output.type === "oci" || output.type === "registry";
  });
  return imageSettings ? [imageSettings, ...ofOutputs] : ofOutputs;
}

/** @throws {BuildError} `INVALID_OUTPUT` for annotations of what the image does not have */
export function checkAnnotations(
  settings: readonly ImageSettings[],
  { isIndexed, platforms }: { isIndexed: boolean; platforms: readonly Platform[] },
): void {
  for (const { type, platform } of settings.flatMap(({ annotations = [] }) => annotations)) {
    if (!isIndexed && type.startsWith("index")) {
      throw new BuildError("INVALID_OUTPUT", "index annotations not supported for single platform export");
    }
    if (platform === undefined || platforms.some((each) => isSamePlatform(each, platform))) continue;
    const name = formatPlatform(normalizePlatform(platform));
    throw new BuildError("INVALID_OUTPUT", `invalid annotation: no platform ${name} found in source`);
  }
}
