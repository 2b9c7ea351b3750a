import type { Command } from "commander";
import { StepEngine } from "../../build/index.ts";
import type { ListedFile } from "../../snapshot/index.ts";
import type { CliIo } from "../cli-io.ts";
import { openCliStore } from "../open-images.ts";
import { fileLines } from "../output/file-text.ts";
import { addSubjectOptions, openSubject, type SubjectFlags } from "../subject-image.ts";
import { withPatience } from "../with-progress.ts";

export function define(command: Command, io: CliIo): void {
  addSubjectOptions(
    command
      .usage("[OPTIONS] IMAGE|STAGE [PATH]")
      .argument(
        "<image>",
        "an image of the store, or a stage of the Dockerfile, which is built if it is stale",
      )
      .argument("[path]", "list only this file or directory", "/"),
  )
    .option("--json", "Show one JSON object per line")
    .action(async (name: string, path: string) => {
      const flags = command.optsWithGlobals<SubjectFlags & { json?: boolean }>();
      const store = openCliStore(flags, io);
      const files = await withPatience(`reading ${name}`, io, async (work) => {
        const { layers } = await openSubject(name, { flags, io, store, work });
        await using steps = new StepEngine({ store, ...work });
        return (await (await steps.worker()).listTree({ lowers: layers, under: path })).files;
      });
      io.stdout.write(flags.json ? files.map(jsonLine).join("") : fileLines(files));
    });
}

function jsonLine(file: ListedFile): string {
  return `${JSON.stringify(file)}\n`;
}
