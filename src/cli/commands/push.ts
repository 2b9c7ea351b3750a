import type { Command } from "commander";
import {
  ImageError,
  type ImageStore,
  requireImage,
  type StoredImage,
  type StoredRecord,
} from "../../image/index.ts";
import { formatReference, type ImageReference, parsePlatform, parseReference } from "../../oci/index.ts";
import type { CliIo } from "../cli-io.ts";
import type { ProgressFlags } from "../flags/progress-mode.ts";
import { insecureHostsOf, type TlsVerifyFlag, tlsVerifyOption } from "../flags/tls-verify.ts";
import { type GlobalFlags, openImages } from "../open-images.ts";
import { UsageError } from "../usage-error.ts";
import { type Work, withProgress } from "../with-progress.ts";

interface PushFlags extends GlobalFlags, ProgressFlags, TlsVerifyFlag {
  readonly allTags?: boolean;
  readonly platform?: string;
}

export function define(command: Command, io: CliIo): void {
  command
    .usage("[OPTIONS] NAME[:TAG]")
    .argument("<name>", "image to push to the registry of its name")
    .option("-a, --all-tags", "Push all tags of the repository")
    .option("--platform <platform>", "Push only this image of an image for several platforms")
    .option(...tlsVerifyOption)
    .option("--progress <mode>", "auto, tty, plain, rawjson or quiet (default: $SLIPWAY_PROGRESS or auto)")
    .option("-q, --quiet", "Show nothing but the name at the end")
    .action(async (name: string) => {
      const flags = command.optsWithGlobals<PushFlags>();
      const { store, images } = openImages(flags, io);
      const platform = flags.platform === undefined ? undefined : parsePlatform(flags.platform);
      const pushed = imagesToPush(name, images, flags.allTags ?? false).map(({ image, reference }) => ({
        reference,
        record: platform === undefined ? image.record : requireImage(store, image, platform),
      }));
      const { pushImage, StepEngine } = await import("../../build/index.ts");
      const lines: string[] = [];
      const pushAll = async (work: Work) => {
        await using steps = new StepEngine({ store, ...work, insecureHosts: insecureHostsOf([name], flags) });
        for (const { record, references } of byRecord(pushed)) {
          const { manifest } = await pushImage(record, references, { steps, emit: work.emit });
          for (const { tag } of references)
            lines.push(`${tag}: digest: ${manifest.digest} size: ${manifest.size}\n`);
        }
      };
      try {
        await withProgress(flags, io, pushAll, { title: "Pushing" });
      } finally {
        // Not before: a terminal draws its progress over them.
        if (!flags.quiet) io.stdout.write(lines.join(""));
      }
      if (flags.quiet) for (const { reference } of pushed) io.stdout.write(`${formatReference(reference)}\n`);
    });
}

interface NamedPush {
  readonly image: StoredImage;
  readonly reference: ImageReference;
}

/** As docker, by name only: an ID says nothing of a registry. */
function imagesToPush(name: string, images: ImageStore, isAllTags: boolean): readonly NamedPush[] {
  const asked = parseReference(name);
  if (asked.digest !== undefined)
    throw new UsageError(`Cannot push "${name}": a digest is no name that can be given`);
  if (isAllTags && /:[^/]*$/.test(name))
    throw new UsageError("tag can't be used with --all-tags/-a", { hint: "leave the tag out" });
  const found = images.list().flatMap((image) =>
    image.names
      .map((each) => ({ image, reference: parseReference(each) }))
      .filter(({ reference }) => {
        const isSame = reference.domain === asked.domain && reference.path === asked.path;
        return (
          isSame && reference.tag !== undefined && (isAllTags || reference.tag === (asked.tag ?? "latest"))
        );
      }),
  );
  if (found.length > 0) return found;
  const { tag = "latest" } = asked;
  throw new ImageError(
    "IMAGE_NOT_FOUND",
    isAllTags
      ? `An image does not exist locally with the tag: ${name}`
      : `An image does not exist locally with the tag: ${name.includes(":") ? name : `${name}:${tag}`}`,
  );
}

/** Tags of one image go together: its blobs are looked for once. */
function byRecord(
  pushed: readonly { readonly record: StoredRecord; readonly reference: ImageReference }[],
): readonly { readonly record: StoredRecord; readonly references: readonly ImageReference[] }[] {
  const groups = new Map<StoredRecord, ImageReference[]>();
  for (const { record, reference } of pushed) groups.set(record, [...(groups.get(record) ?? []), reference]);
  return [...groups].map(([record, references]) => ({ record, references }));
}
