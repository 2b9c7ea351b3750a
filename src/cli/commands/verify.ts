import type { Command } from "commander";
import type { CliIo } from "../cli-io.ts";
import { append, keyPlace, parseImage, parsePairs, publicKeyOption } from "../flags/signing.ts";
import { type TlsVerifyFlag, tlsVerifyOption } from "../flags/tls-verify.ts";
import { withRegistry } from "../with-registry.ts";

interface VerifyFlags extends TlsVerifyFlag {
  readonly key?: string;
  readonly annotation: readonly string[];
  readonly identity?: string;
}

export function define(command: Command, io: CliIo): void {
  command
    .usage("[OPTIONS] IMAGE...")
    .argument("<images...>", "names, with tag or digest, of images in registries")
    .option(...publicKeyOption)
    .option("-a, --annotation <name=value>", "Ask for a claim; may be repeated", append, [])
    .option("--identity <name>", "Repository that the signature must claim (default: that of IMAGE)")
    .option(...tlsVerifyOption)
    .action(async (images: readonly string[]) => {
      const flags = command.opts<VerifyFlags>();
      const place = keyPlace(flags.key, "verify");
      const annotations = parsePairs(flags.annotation);
      const { loadPublicKey, verifyImage } = await import("../../signature/index.ts");
      const references = images.map(parseImage);
      const identity = flags.identity === undefined ? undefined : parseImage(flags.identity);
      const key = await loadPublicKey({ place, env: io.env });
      await withRegistry(io, { names: images, flags }, async (registry) => {
        for (const reference of references) {
          const { digest, claims } = await verifyImage(reference, { key, registry, annotations, identity });
          io.stderr.write(`Verified ${reference.domain}/${reference.path}@${digest}\n`);
          io.stdout.write(`${JSON.stringify(claims)}\n`);
        }
      });
    });
}
