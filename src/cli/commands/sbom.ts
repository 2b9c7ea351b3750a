import { type Command, Option } from "commander";
import { listPackages, StepEngine } from "../../build/index.ts";
import { type BomFormat, encodeBom } from "../../packages/index.ts";
import type { CliIo } from "../cli-io.ts";
import { type TlsVerifyFlag, tlsVerifyOption } from "../flags/tls-verify.ts";
import { openCliStore } from "../open-images.ts";
import { packageVersion } from "../../util/index.ts";
import { addSubjectOptions, openSubject, type SubjectFlags } from "../subject-image.ts";
import { UsageError } from "../usage-error.ts";
import { withPatience } from "../with-progress.ts";

interface SbomFlags extends SubjectFlags, TlsVerifyFlag {
  readonly format: BomFormat;
  readonly attached?: boolean;
  readonly platform?: string;
}

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
    .option("--attached", "Show the list that was attached to the image, here or in its registry (SPDX)")
    .option("--platform <platform>", "With --attached: which image of an image for several platforms")
    .option(...tlsVerifyOption)
    .action(async (name: string) => {
      const flags = command.optsWithGlobals<SbomFlags>();
      if (flags.attached) {
        await printAttached(name, flags, io);
        return;
      }
      const store = openCliStore(flags, io);
      const text = await withPatience(`reading ${name}`, io, async (work) => {
        const { record, title } = await openSubject(name, { flags, io, store, work });
        await using steps = new StepEngine({ store, ...work });
        const bom = { ...(await listPackages(record, title, steps)), tool: `slipway-${packageVersion()}` };
        return encodeBom(bom, flags.format);
      });
      io.stdout.write(text);
    });
}

async function printAttached(name: string, flags: SbomFlags, io: CliIo): Promise<void> {
  if (flags.format !== "spdx-json")
    throw new UsageError(`Cannot show the attached SBOM as ${flags.format}: it is SPDX`);
  const { printPredicate } = await import("./provenance.ts");
  await printPredicate(name, "sbom", flags, io);
}
