import type { Command } from "commander";
import { removeImage } from "../../image/index.ts";
import type { CliIo } from "../cli-io.ts";
import { exitCodeOf } from "../exit-code.ts";
import { type GlobalFlags, openImages } from "../open-images.ts";
import { familiarName } from "../output/image-text.ts";
import { errorText } from "../report-error.ts";

interface RmiFlags extends GlobalFlags {
  readonly force?: boolean;
  readonly debug?: boolean;
}

export function define(command: Command, io: CliIo): void {
  command
    .usage("[OPTIONS] IMAGE...")
    .argument("<images...>", "names or IDs")
    .option("-f, --force", "Remove an image with all its names; no error for one that is not there")
    .action((names: readonly string[]) => {
      const flags = command.optsWithGlobals<RmiFlags>();
      const { images } = openImages(flags, io);
      // As with docker, one image that cannot be removed does not keep the others.
      for (const name of names) {
        try {
          const { untagged, deleted } = removeImage(images, name, { force: flags.force ?? false });
          for (const each of untagged) io.stdout.write(`Untagged: ${familiarName(each)}\n`);
          if (deleted !== undefined) io.stdout.write(`Deleted: ${deleted}\n`);
        } catch (error) {
          const code = exitCodeOf(error);
          if (flags.force && (error as { code?: unknown }).code === "IMAGE_NOT_FOUND") continue;
          io.stderr.write(errorText(error, { debug: flags.debug ?? false }));
          io.exitCode = code;
        }
      }
    });
}
