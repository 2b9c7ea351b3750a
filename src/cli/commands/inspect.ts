import type { Command } from "commander";
import type { Store } from "../../content/index.ts";
import { ImageSizes, type StoredImage } from "../../image/index.ts";
import type { CliIo } from "../cli-io.ts";
import { type GlobalFlags, openImages } from "../open-images.ts";
import { familiarName } from "../output/image-text.ts";

export function define(command: Command, io: CliIo): void {
  command
    .usage("IMAGE...")
    .argument("<images...>", "names or IDs")
    .action((names: readonly string[]) => {
      const { store, images } = openImages(command.optsWithGlobals<GlobalFlags>(), io);
      const shown = names.map((name) => inspected(images.find(name), store));
      io.stdout.write(`${JSON.stringify(shown, undefined, 4)}\n`);
    });
}

/** Keys are Docker's; what only Slipway knows stands under `Slipway`. */
function inspected(image: StoredImage, store: Store): object {
  const { record } = image;
  const { config, architecture, os, variant, author, created } = record.config;
  const diffIDs = record.layers.map((layer) =>
    layer.kind === "blob" ? layer.diffID : store.layers.readPack(layer.layer, layer.times)?.diffID,
  );
  return {
    Id: image.id,
    RepoTags: image.names.filter((name) => !name.includes("@")).map(familiarName),
    RepoDigests: record.origin?.reference ? [repoDigest(record.origin.reference, record.origin.digest)] : [],
    ...(created === undefined ? {} : { Created: created }),
    ...(author === undefined ? {} : { Author: author }),
    Config: config,
    Architecture: architecture,
    ...(variant === undefined ? {} : { Variant: variant }),
    Os: os,
    Size: new ImageSizes(store).sizeOf(record),
    RootFS: { Type: "layers", Layers: diffIDs.map((diffID) => diffID ?? null) },
    Metadata: { LastTagTime: new Date(image.updatedAtMs).toISOString() },
    Slipway: {
      Record: image.recordId,
      ...(record.build && { Build: record.build }),
      ...(record.origin && { Origin: record.origin }),
      Layers: record.layers.map((layer) => (layer.kind === "directory" ? layer.layer : layer.blob.digest)),
    },
  };
}

function repoDigest(reference: string, digest: string): string {
  const repository = familiarName(reference)
    .replace(/@.*$/, "")
    .replace(/:[^/:]*$/, "");
  return `${repository}@${digest}`;
}
