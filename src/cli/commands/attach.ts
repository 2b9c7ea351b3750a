import path from "node:path";
import type { Command } from "commander";
import type { CliIo } from "../cli-io.ts";
import { append, parseImage, parsePairs } from "../flags/signing.ts";
import { type TlsVerifyFlag, tlsVerifyOption } from "../flags/tls-verify.ts";
import { withRegistry } from "../with-registry.ts";

interface AttachFlags extends TlsVerifyFlag {
  readonly artifactType: string;
  readonly annotation: readonly string[];
}

export function define(command: Command, io: CliIo): void {
  command
    .usage("--artifact-type TYPE [OPTIONS] IMAGE FILE[:TYPE]...")
    .argument("<image>", "name, with tag or digest, of an image in a registry")
    .argument("<files...>", "files, each with its media type (default: that of the artifact)")
    .requiredOption("--artifact-type <type>", "What the artifact is, as a media type: application/spdx+json")
    .option("-a, --annotation <name=value>", "Set an annotation of the artifact; may be repeated", append, [])
    .option(...tlsVerifyOption)
    .action(async (name: string, files: readonly string[]) => {
      const flags = command.opts<AttachFlags>();
      const { artifactType, annotation } = flags;
      const annotations = parsePairs(annotation);
      const reference = parseImage(name);
      const attached = files.map((text) => {
        const { file, mediaType = artifactType } = parseFile(text);
        return { file: path.resolve(io.cwd, file), mediaType };
      });
      const { attachFiles } = await import("../../build/index.ts");
      await withRegistry(io, { names: [name], flags, isDirect: true }, async (registry) => {
        const attachment = { artifactType, files: attached, annotations };
        const { digest, subject } = await attachFiles(registry, reference, attachment);
        io.stdout.write(`Attached ${digest} to ${reference.domain}/${reference.path}@${subject}\n`);
      });
    });
}

/** `FILE:TYPE`; a media type has one slash, and a file may have colons of its own. */
function parseFile(text: string): { readonly file: string; readonly mediaType?: string } {
  const [, file, mediaType] = /^(.+):([\w.+-]+\/[\w.+-]+)$/s.exec(text) ?? [];
  return file !== undefined && mediaType !== undefined ? { file, mediaType } : { file: text };
}
