import { type Command, Option } from "commander";
import { listPackages, StepEngine } from "../../build/index.ts";
import { type BomFormat, encodeBom } from "../../packages/index.ts";
import type { CliIo } from "../cli-io.ts";
import { openCliStore } from "../open-images.ts";
import { packageVersion } from "../../util/index.ts";
import { addSubjectOptions, openSubject, type SubjectFlags } from "../subject-image.ts";
import { withProgress } from "../with-progress.ts";

export function define(command: Command, io: CliIo): void {
  addSubjectOptions(
    command
      .usage("[OPTIONS] IMAGE|STAGE")
      .argument(
        "<image>",
        "an image of the store, or a stage of the Dockerfile, which is built if it is stale",
      ),
  )
    .addOption(
      new Option("--format <format>", "spdx-json or cyclonedx-json")
        .choices(["spdx-json", "cyclonedx-json"])
        .default("spdx-json"),
    )
    .action(async (name: string) => {
      const flags = command.optsWithGlobals<SubjectFlags & { format: BomFormat }>();
      const store = openCliStore(flags, io);
      const text = await withProgress({ quiet: true }, io, async (work) => {
        const { record, title } = await openSubject(name, { flags, io, store, work });
        await using steps = new StepEngine({ store, ...work });
        const bom = { ...(await listPackages(record, title, steps)), tool: `slipway-${packageVersion()}` };
        return encodeBom(bom, flags.format);
      });
      io.stdout.write(text);
    });
}
