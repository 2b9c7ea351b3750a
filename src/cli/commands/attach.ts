import path from "node:path";
import type { Command } from "commander";
import type { CliIo } from "../cli-io.ts";
import { append, parseImage, parsePairs, withRegistry } from "../flags/signing.ts";

interface AttachFlags {
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
    .action(async (name: string, files: readonly string[]) => {
      const { artifactType, annotation } = command.opts<AttachFlags>();
      const annotations = parsePairs(annotation);
      const reference = parseImage(name);
      const attached = files.map((text) => {
        const { file, mediaType = artifactType } = parseFile(text);
        return { file: path.resolve(io.cwd, file), mediaType };
      });
      const { attachFiles } = await import("../../build/index.ts");
      await withRegistry(io, { isDirect: true }, async (registry) => {
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
