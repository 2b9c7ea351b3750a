import { readFileSync } from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import type { CliIo } from "../cli-io.ts";
import { parsePredicateType } from "../flags/predicate-type.ts";
import { keyPlace, parseImage, passwordOf, privateKeyOption } from "../flags/signing.ts";
import { type TlsVerifyFlag, tlsVerifyOption } from "../flags/tls-verify.ts";
import { UsageError } from "../usage-error.ts";
import { withRegistry } from "../with-registry.ts";

interface AttestFlags extends TlsVerifyFlag {
  readonly key?: string;
  readonly type: string;
  readonly predicate: string;
}

export function define(command: Command, io: CliIo): void {
  command
    .usage("--key FILE --type TYPE --predicate FILE IMAGE")
    .argument("<image>", "name, with tag or digest, of an image in a registry")
    .option(...privateKeyOption)
    .requiredOption("--type <type>", "What is said: spdxjson, slsaprovenance1, cyclonedx, … or a URI")
    .requiredOption("--predicate <file>", "JSON that is said of the image, or - for standard input")
    .option(...tlsVerifyOption)
    .action(async (name: string) => {
      const flags = command.opts<AttestFlags>();
      const place = keyPlace(flags.key, "sign");
      const predicateType = parsePredicateType(flags.type);
      const reference = parseImage(name);
      const predicate = readPredicate(flags.predicate, io);
      const { attestImage, loadPrivateKey } = await import("../../signature/index.ts");
      const key = await loadPrivateKey({ place, env: io.env }, () => passwordOf(place, io));
      await withRegistry(io, { names: [name], flags, isDirect: true }, async (registry) => {
        const options = { key, registry, predicateType, predicate };
        const { digest, wasAttested } = await attestImage(reference, options);
        const verb = wasAttested ? "Already attested" : "Attested";
        io.stdout.write(`${verb} ${reference.domain}/${reference.path}@${digest}\n`);
      });
    });
}

/** Compact JSON, whatever its form was. */
function readPredicate(place: string, io: CliIo): string {
  const file = place === "-" ? "/dev/stdin" : path.resolve(io.cwd, place);
  try {
    return JSON.stringify(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    const reason = error instanceof SyntaxError ? "it is no JSON" : (error as Error).message;
    throw new UsageError(`Cannot read predicate "${place}": ${reason}`);
  }
}
