import { createWriteStream, rmSync, statSync } from "node:fs";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import type { Command } from "commander";
import type { Store } from "../../content/index.ts";
import type { CliIo } from "../cli-io.ts";
import { parsePlatformFlag } from "../flags/platform.ts";
import { type GlobalFlags, openImages } from "../open-images.ts";
import { UsageError } from "../usage-error.ts";
import { withPatience } from "../with-progress.ts";

interface ImportFlags extends GlobalFlags {
  readonly platform?: string;
}

export function define(command: Command, io: CliIo): void {
  command
    .usage("[OPTIONS] FILE|- NAME[:TAG]")
    .argument("<file>", "tar of a root file system, plain or compressed, or - for standard input")
    .argument("<name>", "name of the image")
    .option(
      "--platform <platform>",
      "What the programs in it are for (default: $DOCKER_DEFAULT_PLATFORM, else this machine)",
    )
    .action(async (file: string, name: string) => {
      const flags = command.optsWithGlobals<ImportFlags>();
      const platform = parsePlatformFlag(flags.platform, io.env);
      const { store, images } = openImages(flags, io);
      const { importImage, StepEngine } = await import("../../build/index.ts");
      const recordId = await withPatience(`importing ${name}`, io, async (work) => {
        await using archive = await openArchive(file, store, { io, signal: work.signal });
        await using steps = new StepEngine({ store, ...work });
        const source = file === "-" ? "standard input" : JSON.stringify(file);
        return await importImage(archive.file, name, { steps, source, ...(platform && { platform }) });
      });
      io.stdout.write(`${images.find(recordId).id}\n`);
    });
}

/** A file as it is; standard input as a file of the store that is removed afterwards. */
async function openArchive(
  file: string,
  store: Store,
  { io, signal }: { readonly io: CliIo; readonly signal: AbortSignal },
): Promise<AsyncDisposable & { readonly file: string }> {
  if (file !== "-") {
    const absolute = path.resolve(io.cwd, file);
    const stat = statSync(absolute, { throwIfNoEntry: false });
    if (!stat) throw new UsageError(`Cannot import "${file}": no such file`);
    if (stat.isDirectory()) {
      throw new UsageError(`Cannot import "${file}": it is a directory`, {
        hint: "pipe a tar of it: tar -cC DIRECTORY . | slipway import - NAME",
      });
    }
    return { file: absolute, [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  const temporary = store.temp.newPath("import");
  await pipeline(io.stdin, createWriteStream(temporary, { mode: 0o600 }), { signal });
  return {
    file: temporary,
    [Symbol.asyncDispose]: () => Promise.resolve(rmSync(temporary, { force: true })),
  };
}
