import type { Command } from "commander";
import { formatReference, parseReference } from "../../oci/index.ts";
import type { CliIo } from "../cli-io.ts";
import { type GlobalFlags, openImages } from "../open-images.ts";
import { UsageError } from "../usage-error.ts";

export function define(command: Command, io: CliIo): void {
  command
    .usage("IMAGE NAME[:TAG]")
    .argument("<image>", "name or ID")
    .argument("<name>", "the additional name")
    .action((image: string, name: string) => {
      const { images } = openImages(command.optsWithGlobals<GlobalFlags>(), io);
      images.setName(normalisedTag(name), images.find(image).recordId);
    });
}

/** @throws {UsageError} | {OciError} `INVALID_REFERENCE` */
function normalisedTag(name: string): string {
  const reference = parseReference(name);
  if (reference.digest !== undefined)
    throw new UsageError(`Cannot name an image "${name}": a digest is no name that can be given`);
  return formatReference(reference);
}
