import type { Command } from "commander";
import type { StepEngine } from "../../build/index.ts";
import { parseReference } from "../../oci/index.ts";
import type { CliIo } from "../cli-io.ts";
import { parsePlatformFlag } from "../flags/platform.ts";
import type { ProgressFlags } from "../flags/progress-mode.ts";
import { insecureHostsOf, type TlsVerifyFlag, tlsVerifyOption } from "../flags/tls-verify.ts";
import { type GlobalFlags, openImages } from "../open-images.ts";
import { UsageError } from "../usage-error.ts";
import { withProgress } from "../with-progress.ts";

interface PullFlags extends GlobalFlags, ProgressFlags, TlsVerifyFlag {
  readonly platform?: string;
  readonly allTags?: boolean;
}

export function define(command: Command, io: CliIo): void {
  command
    .usage("[OPTIONS] NAME[:TAG|@DIGEST]...")
    .argument("<names...>", "images to bring into the store")
    .option("-a, --all-tags", "Pull all tags of the repositories")
    .option(
      "--platform <platform>",
      "Platform of the images (default: $DOCKER_DEFAULT_PLATFORM, else this machine's)",
    )
    .option(...tlsVerifyOption)
    .option("--progress <mode>", "auto, tty, plain, rawjson or quiet (default: $SLIPWAY_PROGRESS or auto)")
    .option("-q, --quiet", "Show nothing but the names at the end")
    .action(async (asked: readonly string[]) => {
      const flags = command.optsWithGlobals<PullFlags>();
      if (flags.allTags) refuseTags(asked);
      const platform = parsePlatformFlag(flags.platform, io.env);
      const { store } = openImages(flags, io);
      const { normaliseTag, pullImage, StepEngine } = await import("../../build/index.ts");
      const insecureHosts = insecureHostsOf(asked, flags);
      const names = await withProgress(
        flags,
        io,
        async (work) => {
          await using steps = new StepEngine({ store, ...work, pull: true, insecureHosts });
          const wanted = flags.allTags ? await allTags(asked, steps) : asked;
          for (const name of wanted) await pullImage(name, { steps, emit: work.emit, platform });
          return wanted;
        },
        { title: "Pulling" },
      );
      for (const name of names) io.stdout.write(`${normaliseTag(name)}\n`);
    });
}

function refuseTags(names: readonly string[]): void {
  if (!names.some((name) => /[:@][^/]*$/.test(name))) return;
  throw new UsageError("tag can't be used with --all-tags/-a", { hint: "leave the tag out" });
}

async function allTags(names: readonly string[], steps: StepEngine): Promise<readonly string[]> {
  const registry = await steps.registry();
  const tagged = names.map(async (name) => {
    const tags = await registry.listTags(parseReference(name));
    return tags.map((tag) => `${name}:${tag}`);
  });
  return (await Promise.all(tagged)).flat();
}
