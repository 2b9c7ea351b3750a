import { type Command, Option } from "commander";
import type { ImageStore, StoredRecord } from "../../image/index.ts";
import { formatReference, OciError, parseReference } from "../../oci/index.ts";
import type { CliIo } from "../cli-io.ts";
import { type GlobalFlags, openImages } from "../open-images.ts";
import { UsageError } from "../usage-error.ts";
import { withPatience } from "../with-progress.ts";

interface SaveFlags extends GlobalFlags {
  readonly output?: string;
  readonly format: "docker" | "oci";
}

export function define(command: Command, io: CliIo): void {
  command
    .usage("[OPTIONS] IMAGE...")
    .argument("<images...>", "names or IDs")
    .option("-o, --output <file>", "Write to a file (default: standard output)")
    .addOption(
      new Option("--format <format>", "docker (for docker load and podman load), or oci")
        .choices(["docker", "oci"])
        .default("docker"),
    )
    .action(async (names: readonly string[]) => {
      const flags = command.optsWithGlobals<SaveFlags>();
      const dest = flags.output ?? "-";
      if (dest === "-" && io.stdout.isTTY)
        throw new UsageError("Cannot write an archive to a terminal", {
          hint: "name a file with -o FILE, or redirect standard output",
        });
      const { store, images } = openImages(flags, io);
      const { StepEngine, writeArchive } = await import("../../build/index.ts");
      const found = imagesToSave(names, images);
      await withPatience(`saving ${names.join(", ")}`, io, async (work) => {
        await using steps = new StepEngine({ store, ...work });
        await writeArchive(found, { format: flags.format, dest }, steps);
      });
    });
}

interface SavedImage {
  readonly record: StoredRecord;
  readonly names: string[];
}

/** Each image once, with the names that it was asked for by; one that was asked for by its ID has none, as with docker. */
function imagesToSave(asked: readonly string[], images: ImageStore): readonly SavedImage[] {
  const saved = new Map<string, SavedImage>();
  for (const nameOrId of asked) {
    const image = images.find(nameOrId);
    const known = saved.get(image.recordId) ?? { record: image.record, names: [] };
    saved.set(image.recordId, known);
    const name = image.names.find((each) => isNamed(each, nameOrId));
    if (name !== undefined && !known.names.includes(name)) known.names.push(name);
  }
  return [...saved.values()];
}

/** Is `text` another way to write the normalised name? An ID is none. */
function isNamed(name: string, text: string): boolean {
  try {
    return formatReference(parseReference(text)) === name;
  } catch (error) {
    if (error instanceof OciError) return false;
    throw error;
  }
}
