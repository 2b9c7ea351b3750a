import type { Command } from "commander";
import type { CliIo } from "../cli-io.ts";
import {
  addPrivateKeyOptions,
  append,
  type ClaimFlags,
  formOf,
  keyPlace,
  parseClaims,
  passwordOf,
  type PrivateKeyFlags,
} from "../flags/signing.ts";
import { withRegistry } from "../with-registry.ts";

export function define(command: Command, io: CliIo): void {
  addPrivateKeyOptions(command)
    .usage("[OPTIONS] IMAGE...")
    .argument("<images...>", "names, with tag or digest, of images in registries")
    .option("-a, --annotation <name=value>", "Claim something more; may be repeated", append, [])
    .option("--identity <name>", "Repository that the signature claims (default: that of IMAGE)")
    .action(async (images: readonly string[]) => {
      const flags = command.opts<PrivateKeyFlags & ClaimFlags>();
      const place = keyPlace(flags, "sign");
      const { references, ...claims } = parseClaims(images, flags);
      const { loadPrivateKey, signImage } = await import("../../signature/index.ts");
      const key = await loadPrivateKey({ place, env: io.env }, () => passwordOf(place, io));
      await withRegistry(io, { names: images, flags, isDirect: true }, async (registry) => {
        const options = { key, registry, form: formOf(flags), ...claims };
        for (const reference of references) {
          const { digest, wasSigned } = await signImage(reference, options);
          const verb = wasSigned ? "Already signed" : "Signed";
          io.stdout.write(`${verb} ${reference.domain}/${reference.path}@${digest}\n`);
        }
      });
    });
}
