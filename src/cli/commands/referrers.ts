import { type Command, Option } from "commander";
import type { FoundReferrer, ReferrerList } from "../../build/index.ts";
import type { CliIo } from "../cli-io.ts";
import { parseImage } from "../flags/signing.ts";
import { type TlsVerifyFlag, tlsVerifyOption } from "../flags/tls-verify.ts";
import { formatTable } from "../output/table.ts";
import { withRegistry } from "../with-registry.ts";

interface ReferrersFlags extends TlsVerifyFlag {
  readonly artifactType?: string;
  readonly format: "table" | "json";
}

export function define(command: Command, io: CliIo): void {
  command
    .usage("[OPTIONS] IMAGE")
    .argument("<image>", "name, with tag or digest, of an image in a registry")
    .option("--artifact-type <type>", "Only artifacts of this type")
    .addOption(new Option("--format <format>", "table or json").choices(["table", "json"]).default("table"))
    .option(...tlsVerifyOption)
    .action(async (name: string) => {
      const flags = command.opts<ReferrersFlags>();
      const { artifactType, format } = flags;
      const reference = parseImage(name);
      const { listReferrers } = await import("../../build/index.ts");
      await withRegistry(io, { names: [name], flags, isDirect: true }, async (registry) => {
        const list = await listReferrers(registry, reference, artifactType);
        io.stdout.write(format === "json" ? toJson(list) : toTable(list));
      });
    });
}

/** Annotations of statements by BuildKit, and of sigstore bundles. */
const predicateTypes = ["in-toto.io/predicate-type", "dev.sigstore.bundle.predicateType"];

function toTable({ referrers }: ReferrerList): string {
  const isOfIndex = referrers.some(({ about }) => about !== undefined);
  const heads = ["DIGEST", "ARTIFACT TYPE", "PREDICATE TYPE", ...(isOfIndex ? ["ABOUT"] : [])];
  return formatTable(
    heads,
    referrers.map(({ descriptor, about = "" }) => {
      const predicateType = predicateTypes.map((name) => descriptor.annotations?.[name]).find(Boolean) ?? "";
      return [descriptor.digest, descriptor.artifactType ?? "", predicateType, about];
    }),
  );
}

function toJson({ digest, referrers }: ReferrerList): string {
  const list = referrers.map(({ subject, about, descriptor }: FoundReferrer) => ({
    ...descriptor,
    subject,
    ...(about !== undefined && { about }),
  }));
  return `${JSON.stringify({ digest, referrers: list }, undefined, 2)}\n`;
}
