import type { Command } from "commander";
import type { Store } from "../../content/index.ts";
import {
  type ImageRecord,
  ImageSizes,
  type IndexRecord,
  isIndex,
  knownDiffIDs,
  requireImage,
  shownImage,
  type StoredImage,
} from "../../image/index.ts";
import { formatPlatform, parsePlatform, type Platform } from "../../oci/index.ts";
import type { CliIo } from "../cli-io.ts";
import { addRefused } from "../flags/unsupported-options.ts";
import { type GlobalFlags, openImages } from "../open-images.ts";
import { familiarName } from "../output/image-text.ts";
import { isoTime } from "../../util/index.ts";

interface InspectFlags extends GlobalFlags {
  readonly platform?: string;
}

export function define(command: Command, io: CliIo): void {
  addRefused(command, [["-f, --format <template>", "the output is JSON: pipe it into jq"]]);
  command
    .usage("IMAGE...")
    .argument("<images...>", "names or IDs")
    .option("--platform <platform>", "Which image of an image for several platforms")
    .action((names: readonly string[]) => {
      const flags = command.optsWithGlobals<InspectFlags>();
      const { store, images } = openImages(flags, io);
      const platform = flags.platform === undefined ? undefined : parsePlatform(flags.platform);
      const shown = names.map((name) => inspected(images.find(name), store, platform));
      io.stdout.write(`${JSON.stringify(shown, undefined, 4)}\n`);
    });
}

/** Keys are Docker's; what only Slipway knows stands under `Slipway`. */
function inspected(image: StoredImage, store: Store, platform: Platform | undefined): object {
  const { origin } = image.record;
  const record =
    platform === undefined ? shownImage(store, image.record) : requireImage(store, image, platform);
  const { config, architecture, os, variant, author, created } = record.config;
  return {
    Id: image.id,
    RepoTags: image.names.filter((name) => !name.includes("@")).map(familiarName),
    RepoDigests: origin?.reference ? [repoDigest(origin.reference, origin.digest)] : [],
    ...(created === undefined ? {} : { Created: created }),
    ...(author === undefined ? {} : { Author: author }),
    Config: config,
    Architecture: architecture,
    ...(variant === undefined ? {} : { Variant: variant }),
    Os: os,
    Size: new ImageSizes(store).sizeOf(record),
    RootFS: { Type: "layers", Layers: knownDiffIDs(store, record).map((diffID) => diffID ?? null) },
    Metadata: { LastTagTime: isoTime(image.updatedAtMs) },
    Slipway: {
      Record: image.recordId,
      ...(record.build && { Build: record.build }),
      ...(record.origin && { Origin: record.origin }),
      ...(isIndex(image.record) && { Platforms: platformsOf(image.record) }),
      ...attestationsOf(record),
      Layers: record.layers.map((layer) => (layer.kind === "directory" ? layer.layer : layer.blob.digest)),
    },
  };
}

/** What `slipway sbom --attached` and `slipway provenance` show. */
function attestationsOf({ attestations }: ImageRecord): object {
  if (!attestations) return {};
  const { predicates, subjects } = attestations;
  return { Attestations: predicates.map(({ type }) => type), Subjects: subjects };
}

function platformsOf({ images }: IndexRecord): readonly string[] {
  return images.map(({ platform }) => formatPlatform(platform));
}

function repoDigest(reference: string, digest: string): string {
  const repository = familiarName(reference)
    .replace(/@.*$/, "")
    .replace(/:[^/:]*$/, "");
  return `${repository}@${digest}`;
}
