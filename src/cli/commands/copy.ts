import type { Command } from "commander";
import type { CliIo } from "../cli-io.ts";
import type { ProgressFlags } from "../flags/progress-mode.ts";
import { insecureHostsOf, type TlsVerifyFlag, tlsVerifyOption } from "../flags/tls-verify.ts";
import { type GlobalFlags, openCliStore } from "../open-images.ts";
import { withProgress } from "../with-progress.ts";

interface CopyFlags extends GlobalFlags, ProgressFlags, TlsVerifyFlag {
  readonly recursive?: boolean;
}

export function define(command: Command, io: CliIo): void {
  const places =
    "docker://NAME, oci:DIRECTORY[:TAG], oci-archive:FILE[:NAME], docker-archive:FILE[:NAME], docker-daemon:NAME, containers-storage:NAME, or a name of the store";
  command
    .usage("[OPTIONS] SOURCE TARGET")
    .argument("<source>", places)
    .argument("<target>", "the same; between registries digests stay what they are")
    .option(
      "-r, --recursive",
      "Between registries: copy what is beside the image too, its referrers and its signatures",
    )
    .option("-a, --all", "Copy every platform; that is always done")
    .option(...tlsVerifyOption)
    .option("--progress <mode>", "auto, tty, plain, rawjson or quiet (default: $SLIPWAY_PROGRESS or auto)")
    .option("-q, --quiet", "Show nothing")
    .action(async (source: string, target: string) => {
      const flags = command.optsWithGlobals<CopyFlags>();
      const { copyImage, parseImagePlace, StepEngine } = await import("../../build/index.ts");
      const [from, to] = [parseImagePlace(source), parseImagePlace(target)];
      const store = openCliStore(flags, io);
      await withProgress(
        flags,
        io,
        async (work) => {
          const registries = [from, to].flatMap((place) => (place.kind === "registry" ? [place.name] : []));
          const insecureHosts = insecureHostsOf(registries, flags);
          await using steps = new StepEngine({ store, ...work, insecureHosts });
          await copyImage(from, to, { steps, withReferrers: flags.recursive ?? false, ...work });
        },
        { title: "Copying" },
      );
    });
}
