import type { Command } from "commander";
import type { StepEngine } from "../../build/index.ts";
import type { ImageStore } from "../../image/index.ts";
import type { Platform } from "../../oci/index.ts";
import type { CliIo } from "../cli-io.ts";
import { insecureHostsOf, type TlsVerifyFlag, tlsVerifyOption } from "../flags/tls-verify.ts";
import { type GlobalFlags, openImages } from "../open-images.ts";
import { UsageError } from "../usage-error.ts";
import { type Work, withProgress } from "../with-progress.ts";

interface RegistryFlags extends GlobalFlags, TlsVerifyFlag {}

export function define(command: Command, io: CliIo): void {
  command.usage("COMMAND");
  defineCreate(command, io);
  defineAnnotate(command, io);
  defineInspect(command, io);
  definePush(command, io);
}

function defineCreate(manifest: Command, io: CliIo): void {
  const command = subcommand(
    manifest,
    "create",
    "Make one image for several platforms of images that were built apart",
  )
    .usage("[OPTIONS] NAME IMAGE...")
    .argument("<name>", "name of the new image")
    .argument("<images...>", "names, IDs or digests, of the store or of a registry")
    .option("-a, --amend", "Add to the image that NAME is already")
    .option(...tlsVerifyOption)
    .action(async (name: string, members: readonly string[]) => {
      const flags = command.optsWithGlobals<RegistryFlags & { amend?: boolean }>();
      const { createManifestList, normaliseTag } = await import("../../build/index.ts");
      await withSteps({ names: members, flags }, io, ({ steps }) =>
        createManifestList(name, members, { steps, amend: flags.amend ?? false }),
      );
      io.stdout.write(`Created manifest list ${normaliseTag(name)}\n`);
    });
}

interface AnnotateFlags extends GlobalFlags {
  readonly os?: string;
  readonly arch?: string;
  readonly variant?: string;
  readonly osVersion?: string;
}

function defineAnnotate(manifest: Command, io: CliIo): void {
  const command = subcommand(manifest, "annotate", "Say what one of the images is for")
    .usage("[OPTIONS] NAME IMAGE")
    .argument("<name>", "image for several platforms")
    .argument("<image>", "one of its images: a name, an ID, or the digest of its manifest")
    .option("--os <os>", "Operating system")
    .option("--arch <architecture>", "Processor architecture")
    .option("--variant <variant>", "Variant of the architecture")
    .option("--os-version <version>", "Version of the operating system")
    .action(async (name: string, member: string) => {
      const flags = command.optsWithGlobals<AnnotateFlags>();
      const platform = platformOfFlags(flags);
      const { annotateManifestList } = await import("../../build/index.ts");
      await withSteps({ names: [], flags }, io, ({ steps }) =>
        Promise.resolve(annotateManifestList(name, member, { steps, platform })),
      );
    });
}

function platformOfFlags({ os, arch, variant, osVersion }: AnnotateFlags): Partial<Platform> {
  const platform = {
    ...(os !== undefined && { os }),
    ...(arch !== undefined && { architecture: arch }),
    ...(variant !== undefined && { variant }),
    ...(osVersion !== undefined && { "os.version": osVersion }),
  };
  if (Object.keys(platform).length > 0) return platform;
  throw new UsageError("Cannot annotate: nothing is said of the image", {
    hint: "give --os, --arch, --variant or --os-version",
  });
}

function defineInspect(manifest: Command, io: CliIo): void {
  const command = subcommand(
    manifest,
    "inspect",
    "Show the manifest or index of an image, of the store or of a registry",
  )
    .usage("IMAGE")
    .argument("<image>", "name, ID, or name with digest")
    .option(...tlsVerifyOption)
    .action(async (name: string) => {
      const flags = command.optsWithGlobals<RegistryFlags>();
      const bytes = await withSteps({ names: [name], flags }, io, ({ steps, images }) =>
        documentOf(name, { steps, images }),
      );
      io.stdout.write(bytes);
      if (bytes.at(-1) !== 0x0a) io.stdout.write("\n");
    });
}

async function documentOf(
  name: string,
  { steps, images }: Pick<Opened, "steps" | "images">,
): Promise<Buffer> {
  const { normaliseTag } = await import("../../build/index.ts");
  const { assembleImage, assembleIndex, ImageError, isIndex } = await import("../../image/index.ts");
  try {
    const { record } = images.find(name);
    // What only a registry has is not needed to describe it.
    const options = { packer: steps.packer, fetchBlob: () => Promise.resolve() };
    if (isIndex(record)) return (await assembleIndex(steps.store, record, options)).index.bytes;
    return (await assembleImage(steps.store, record, options)).manifestBytes;
  } catch (error) {
    if (!(error instanceof ImageError) || error.code !== "IMAGE_NOT_FOUND") throw error;
  }
  const { parseReference } = await import("../../oci/index.ts");
  const registry = await steps.registry();
  return (await registry.resolveManifest(parseReference(normaliseTag(name)))).bytes;
}

function definePush(manifest: Command, io: CliIo): void {
  const command = subcommand(manifest, "push", "Push an image for several platforms, with all its images")
    .usage("[OPTIONS] NAME")
    .argument("<name>", "image to push to the registry of its name")
    .option("-p, --purge", "Take the name away from the store afterwards")
    .option(...tlsVerifyOption)
    .action(async (name: string) => {
      const flags = command.optsWithGlobals<RegistryFlags & { purge?: boolean }>();
      const { normaliseTag, pushImage } = await import("../../build/index.ts");
      const { parseReference } = await import("../../oci/index.ts");
      const reference = normaliseTag(name);
      const { manifest: pushed } = await withSteps({ names: [name], flags }, io, ({ steps, images, work }) =>
        pushImage(images.find(reference).record, [parseReference(reference)], { steps, emit: work.emit }),
      );
      if (flags.purge) openImages(flags, io).images.removeName(reference);
      io.stdout.write(`${pushed.digest}\n`);
    });
}

interface Opened {
  readonly steps: StepEngine;
  readonly images: ImageStore;
  readonly work: Work;
}

async function withSteps<Result>(
  { names, flags }: { readonly names: readonly string[]; readonly flags: RegistryFlags },
  io: CliIo,
  action: (opened: Opened) => Promise<Result>,
): Promise<Result> {
  const { store, images } = openImages(flags, io);
  const { StepEngine } = await import("../../build/index.ts");
  return await withProgress({ quiet: true }, io, async (work) => {
    await using steps = new StepEngine({ store, ...work, insecureHosts: insecureHostsOf(names, flags) });
    return await action({ steps, images, work });
  });
}

function subcommand(manifest: Command, name: string, summary: string): Command {
  return manifest.command(name).description(summary).helpOption("-h, --help", "Show this help");
}
