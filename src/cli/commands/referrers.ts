import { type Command, Option } from "commander";
import type { FoundReferrer, ReferrerList } from "../../build/index.ts";
import type { CliIo } from "../cli-io.ts";
import { parseImage, withRegistry } from "../flags/signing.ts";
import { formatTable } from "../output/table.ts";

interface ReferrersFlags {
  readonly artifactType?: string;
  readonly format: "table" | "json";
}

export function define(command: Command, io: CliIo): void {
  command
    .usage("[OPTIONS] IMAGE")
    .argument("<image>", "name, with tag or digest, of an image in a registry")
    .option("--artifact-type <type>", "Only artifacts of this type")
    .addOption(new Option("--format <format>", "table or json").choices(["table", "json"]).default("table"))
    .action(async (name: string) => {
      const { artifactType, format } = command.opts<ReferrersFlags>();
      const reference = parseImage(name);
      const { listReferrers } = await import("../../build/index.ts");
      await withRegistry(io, { isDirect: true }, async (registry) => {
        const list = await listReferrers(registry, reference, artifactType);
        io.stdout.write(format === "json" ? toJson(list) : toTable(list));
      });
    });
}

function toTable({ referrers }: ReferrerList): string {
  const isOfIndex = referrers.some(({ about }) => about !== undefined);
  const heads = ["DIGEST", "ARTIFACT TYPE", "PREDICATE TYPE", ...(isOfIndex ? ["ABOUT"] : [])];
  return formatTable(
    heads,
    referrers.map(({ descriptor, about = "" }) => {
      const predicateType = descriptor.annotations?.["in-toto.io/predicate-type"] ?? "";
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
