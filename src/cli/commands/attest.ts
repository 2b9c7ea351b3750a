import { createReadStream } from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import { formatBytes, readLimited } from "../../util/index.ts";
import type { CliIo } from "../cli-io.ts";
import { parsePredicateType } from "../flags/predicate-type.ts";
import {
  addPrivateKeyOptions,
  formOf,
  keyPlace,
  parseImage,
  passwordOf,
  type PrivateKeyFlags,
} from "../flags/signing.ts";
import { UsageError } from "../usage-error.ts";
import { withRegistry } from "../with-registry.ts";

interface AttestFlags extends PrivateKeyFlags {
  readonly type: string;
  readonly predicate: string;
  readonly replace?: boolean;
}

export function define(command: Command, io: CliIo): void {
  addPrivateKeyOptions(command)
    .usage("--key FILE --type TYPE --predicate FILE IMAGE")
    .argument("<image>", "name, with tag or digest, of an image in a registry")
    .requiredOption("--type <type>", "What is said: spdxjson, slsaprovenance1, cyclonedx, … or a URI")
    .requiredOption("--predicate <file>", "JSON that is said of the image, or - for standard input")
    .option("--replace", "With --new-bundle-format=false: take away what is there of this type")
    .action(async (name: string) => {
      const flags = command.opts<AttestFlags>();
      const place = keyPlace(flags, "sign");
      const predicateType = parsePredicateType(flags.type);
      const reference = parseImage(name);
      const { replace: isReplacing = false } = flags;
      const form = formOf(flags);
      if (isReplacing && form === "bundle")
        throw new UsageError("Cannot replace attestations: each sigstore bundle is an artifact of its own", {
          code: "UNSUPPORTED_OPTION",
          hint: "with --new-bundle-format=false they share a tag, and can be replaced",
        });
      const { attestImage, loadPrivateKey, maxPredicateBytes } = await import("../../signature/index.ts");
      const predicate = await readPredicate(flags.predicate, { io, limitBytes: maxPredicateBytes });
      const key = await loadPrivateKey({ place, env: io.env }, () => passwordOf(place, io));
      await withRegistry(io, { names: [name], flags, isDirect: true }, async (registry) => {
        const options = { key, registry, form, predicateType, predicate, isReplacing };
        const { digest, wasAttested } = await attestImage(reference, options);
        const verb = wasAttested ? "Already attested" : "Attested";
        io.stdout.write(`${verb} ${reference.domain}/${reference.path}@${digest}\n`);
      });
    });
}

/** Compact JSON, whatever its form was. */
async function readPredicate(
  place: string,
  { io, limitBytes }: { readonly io: CliIo; readonly limitBytes: number },
): Promise<string> {
  const unreadable = (reason: string) =>
    new UsageError(`Cannot read predicate ${JSON.stringify(place)}: ${reason}`);
  let bytes: Buffer | undefined;
  try {
    const source = place === "-" ? io.stdin : createReadStream(path.resolve(io.cwd, place));
    bytes = await readLimited(source, limitBytes);
  } catch (error) {
    throw unreadable((error as Error).message);
  }
  if (!bytes) throw unreadable(`it has more than ${formatBytes(limitBytes)}`);
  try {
    return JSON.stringify(JSON.parse(bytes.toString()));
  } catch (error) {
    if (error instanceof SyntaxError) throw unreadable("it is no JSON");
    throw error;
  }
}
