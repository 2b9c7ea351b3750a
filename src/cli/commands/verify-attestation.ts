import type { Command } from "commander";
import type { CliIo } from "../cli-io.ts";
import { parsePredicateType } from "../flags/predicate-type.ts";
import { addPublicKeyOptions, type KeyFlags, keyPlace, parseImage } from "../flags/signing.ts";
import { withRegistry } from "../with-registry.ts";

interface VerifyAttestationFlags extends KeyFlags {
  readonly type: string;
}

export function define(command: Command, io: CliIo): void {
  addPublicKeyOptions(command)
    .usage("--key FILE --type TYPE IMAGE")
    .argument("<image>", "name, with tag or digest, of an image in a registry")
    .requiredOption("--type <type>", "What must be said: spdxjson, slsaprovenance1, cyclonedx, … or a URI")
    .action(async (name: string) => {
      const flags = command.opts<VerifyAttestationFlags>();
      const place = keyPlace(flags, "verify");
      const predicateType = parsePredicateType(flags.type);
      const reference = parseImage(name);
      const { loadPublicKey, verifyAttestation } = await import("../../signature/index.ts");
      const key = await loadPublicKey({ place, env: io.env });
      await withRegistry(io, { names: [name], flags }, async (registry) => {
        const { digest, statements } = await verifyAttestation(reference, { key, registry, predicateType });
        io.stderr.write(`Verified ${reference.domain}/${reference.path}@${digest}\n`);
        for (const statement of statements) io.stdout.write(`${JSON.stringify(JSON.parse(statement))}\n`);
      });
    });
}
