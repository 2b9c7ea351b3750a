import { StepEngine } from "../build/index.ts";
import { endProject, ownVolumes } from "../compose/index.ts";
import type { Store, VolumeInfo } from "../content/index.ts";
import type { CliIo } from "./cli-io.ts";
import { openProject, type ProjectFlags } from "./compose-project.ts";
import { withInterrupt } from "./interrupt.ts";
import { openCliStore } from "./open-images.ts";
import { withPatience } from "./with-progress.ts";

export interface ComposeDownFlags extends ProjectFlags {
  readonly volumes?: boolean;
  readonly timeout: number;
}

/** `slipway compose down`. */
export async function composeDown(flags: ComposeDownFlags, io: CliIo): Promise<void> {
  const project = openProject(flags, io);
  const store = openCliStore(flags, io);
  const wasUp = await withInterrupt((signal) =>
    endProject(store, project.name, { timeoutMs: flags.timeout * 1000, signal }),
  );
  io.stderr.write(wasUp ? `Project "${project.name}" has ended\n` : `Project "${project.name}" is not up\n`);
  if (flags.volumes) await removeVolumes(ownVolumes(project, store), store, io);
}

async function removeVolumes(volumes: readonly VolumeInfo[], store: Store, io: CliIo): Promise<void> {
  if (volumes.length === 0) return;
  const { sizesBytes } = await withPatience("removing volumes", io, async (work) => {
    await using steps = new StepEngine({ store, ...work });
    return await (await steps.worker()).emptyMounts({ paths: volumes.map(({ path }) => path) });
  });
  for (const [index, { name }] of volumes.entries()) {
    const isUsed = sizesBytes[index] === null;
    io.stderr.write(
      isUsed ? `warning: volume "${name}" is in use, and stays\n` : `Volume "${name}" removed\n`,
    );
  }
}
