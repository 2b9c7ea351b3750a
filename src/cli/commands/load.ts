import { existsSync } from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import type { LoadedImage } from "../../exporter/index.ts";
import type { CliIo } from "../cli-io.ts";
import { type GlobalFlags, openCliStore } from "../open-images.ts";
import { familiarName } from "../output/image-text.ts";
import { UsageError } from "../usage-error.ts";
import { withPatience } from "../with-progress.ts";

interface LoadFlags extends GlobalFlags {
  readonly input?: string;
  readonly quiet?: boolean;
}

export function define(command: Command, io: CliIo): void {
  command
    .usage("[OPTIONS]")
    .option("-i, --input <file>", "Read a file (default: standard input)")
    .option("-q, --quiet", "Show nothing but errors")
    .action(async () => {
      const flags = command.optsWithGlobals<LoadFlags>();
      const source = openSource(flags.input ?? "-", io);
      const store = openCliStore(flags, io);
      const { loadArchive } = await import("../../exporter/index.ts");
      const loaded = await withPatience("loading images", io, async ({ signal }) => {
        try {
          return await loadArchive(store, source, { signal });
        } finally {
          store.temp.close();
        }
      });
      if (!flags.quiet) io.stdout.write(loaded.map(loadedText).join(""));
    });
}

function openSource(input: string, io: CliIo): string | CliIo["stdin"] {
  if (input !== "-") {
    const file = path.resolve(io.cwd, input);
    if (!existsSync(file)) throw new UsageError(`Cannot load "${input}": no such file`);
    return file;
  }
  if (!("isTTY" in io.stdin && io.stdin.isTTY)) return io.stdin;
  throw new UsageError("Cannot read an archive from a terminal", {
    hint: "name a file with -i FILE, or redirect standard input",
  });
}

/** As docker says it. */
function loadedText({ id, names }: LoadedImage): string {
  if (names.length === 0) return `Loaded image ID: ${id}\n`;
  return names.map((name) => `Loaded image: ${familiarName(name)}\n`).join("");
}
