import type { Command } from "commander";
import type { CliIo } from "../cli-io.ts";
import {
  addPublicKeyOptions,
  append,
  type ClaimFlags,
  type KeyFlags,
  keyPlace,
  parseClaims,
} from "../flags/signing.ts";
import { withRegistry } from "../with-registry.ts";

export function define(command: Command, io: CliIo): void {
  addPublicKeyOptions(command)
    .usage("[OPTIONS] IMAGE...")
    .argument("<images...>", "names, with tag or digest, of images in registries")
    .option("-a, --annotation <name=value>", "Ask for a claim; may be repeated", append, [])
    .option("--identity <name>", "Repository that the signature must claim (default: that of IMAGE, or none)")
    .action(async (images: readonly string[]) => {
      const flags = command.opts<KeyFlags & ClaimFlags>();
      const place = keyPlace(flags, "verify");
      const { references, ...expected } = parseClaims(images, flags);
      const { loadPublicKey, verifyImage } = await import("../../signature/index.ts");
      const key = await loadPublicKey({ place, env: io.env });
      await withRegistry(io, { names: images, flags }, async (registry) => {
        for (const reference of references) {
          const { digest, claims } = await verifyImage(reference, { key, registry, ...expected });
          io.stderr.write(`Verified ${reference.domain}/${reference.path}@${digest}\n`);
          io.stdout.write(`${JSON.stringify(claims)}\n`);
        }
      });
    });
}
