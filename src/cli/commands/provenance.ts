import type { Command } from "commander";
import { findPredicate, type PredicateKind, StepEngine } from "../../build/index.ts";
import { parsePlatform } from "../../oci/index.ts";
import type { CliIo } from "../cli-io.ts";
import { insecureHostsOf, type TlsVerifyFlag, tlsVerifyOption } from "../flags/tls-verify.ts";
import { type GlobalFlags, openCliStore } from "../open-images.ts";
import { withProgress } from "../with-progress.ts";

interface ProvenanceFlags extends GlobalFlags, TlsVerifyFlag {
  readonly platform?: string;
}

export function define(command: Command, io: CliIo): void {
  command
    .usage("[OPTIONS] IMAGE")
    .argument("<image>", "an image of the store, or of a registry")
    .option("--platform <platform>", "Which image of an image for several platforms")
    .option(...tlsVerifyOption)
    .action(async (name: string) => {
      await printPredicate(name, "provenance", command.optsWithGlobals<ProvenanceFlags>(), io);
    });
}

/** Prints what is said of an image, as JSON. */
export async function printPredicate(
  name: string,
  kind: PredicateKind,
  flags: ProvenanceFlags,
  io: CliIo,
): Promise<void> {
  const store = openCliStore(flags, io);
  const platform = flags.platform === undefined ? {} : { platform: parsePlatform(flags.platform) };
  const text = await withProgress({ quiet: true }, io, async (work) => {
    await using steps = new StepEngine({ store, ...work, insecureHosts: insecureHostsOf([name], flags) });
    return await findPredicate(name, kind, { steps, ...platform });
  });
  io.stdout.write(`${JSON.stringify(JSON.parse(text), undefined, 2)}\n`);
}
