import type { Command } from "commander";
import { StepEngine } from "../../build/index.ts";
import type { CliIo } from "../cli-io.ts";
import { openCliStore } from "../open-images.ts";
import { configDifferences } from "../output/config-differences.ts";
import { diffText, type ImageDiff } from "../output/diff-text.ts";
import { addSubjectOptions, openSubject, type SubjectFlags } from "../subject-image.ts";
import { type Work, withPatience } from "../with-progress.ts";

interface DiffFlags extends SubjectFlags {
  readonly json?: boolean;
  readonly exitCode?: boolean;
}

export function define(command: Command, io: CliIo): void {
  addSubjectOptions(
    command
      .usage("[OPTIONS] IMAGE|STAGE IMAGE|STAGE")
      .argument(
        "<before>",
        "an image of the store, or a stage of the Dockerfile, which is built if it is stale",
      )
      .argument("<after>", "the other one"),
  )
    .option("--json", "Show everything as JSON")
    .option("--exit-code", "Exit with 1 when they differ, as git diff does")
    .action(async (before: string, after: string) => {
      const flags = command.optsWithGlobals<DiffFlags>();
      const diff = await withPatience(`comparing ${before} and ${after}`, io, (work) =>
        compareImages(before, after, { flags, io, work }),
      );
      io.stdout.write(flags.json ? `${JSON.stringify(diff, undefined, 2)}\n` : diffText(diff));
      if (flags.exitCode && diff.config.length + diff.files.length > 0) io.exitCode = 1;
    });
}

async function compareImages(
  before: string,
  after: string,
  { flags, io, work }: { flags: DiffFlags; io: CliIo; work: Work },
): Promise<ImageDiff> {
  const store = openCliStore(flags, io);
  const left = await openSubject(before, { flags, io, store, work });
  const right = await openSubject(after, { flags, io, store, work });
  await using steps = new StepEngine({ store, ...work });
  const worker = await steps.worker();
  const { differences } = await worker.diffTrees({ before: left.layers, after: right.layers });
  const size = async (lowers: readonly string[]) => {
    const { files } = await worker.listTree({ lowers, under: "/" });
    return files.reduce((sum, file) => sum + file.sizeBytes, 0);
  };
  return {
    before: { title: left.title, sizeBytes: await size(left.layers) },
    after: { title: right.title, sizeBytes: await size(right.layers) },
    config: configDifferences(left.record.config.config, right.record.config.config),
    files: differences,
  };
}
