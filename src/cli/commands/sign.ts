import type { Command } from "commander";
import type { CliIo } from "../cli-io.ts";
import { append, keyPlace, parseImage, parsePairs, passwordOf, privateKeyOption } from "../flags/signing.ts";
import { type TlsVerifyFlag, tlsVerifyOption } from "../flags/tls-verify.ts";
import { withRegistry } from "../with-registry.ts";

interface SignFlags extends TlsVerifyFlag {
  readonly key?: string;
  readonly annotation: readonly string[];
  readonly identity?: string;
}

export function define(command: Command, io: CliIo): void {
  command
    .usage("[OPTIONS] IMAGE...")
    .argument("<images...>", "names, with tag or digest, of images in registries")
    .option(...privateKeyOption)
    .option("-a, --annotation <name=value>", "Claim something more; may be repeated", append, [])
    .option("--identity <name>", "Repository that the signature claims (default: that of IMAGE)")
    .option(...tlsVerifyOption)
    .action(async (images: readonly string[]) => {
      const flags = command.opts<SignFlags>();
      const place = keyPlace(flags.key, "sign");
      const annotations = parsePairs(flags.annotation);
      const { loadPrivateKey, signImage } = await import("../../signature/index.ts");
      const references = images.map(parseImage);
      const identity = flags.identity === undefined ? undefined : parseImage(flags.identity);
      const key = await loadPrivateKey({ place, env: io.env }, () => passwordOf(place, io));
      await withRegistry(io, { names: images, flags, isDirect: true }, async (registry) => {
        for (const reference of references) {
          const { digest, wasSigned } = await signImage(reference, { key, registry, annotations, identity });
          const verb = wasSigned ? "Already signed" : "Signed";
          io.stdout.write(`${verb} ${reference.domain}/${reference.path}@${digest}\n`);
        }
      });
    });
}
