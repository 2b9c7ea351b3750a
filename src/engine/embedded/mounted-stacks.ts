import type { ExecOp, Mount, Vertex } from "../../llb/index.ts";
import type { FileChange, FileChanges } from "../../tree/index.ts";
import type { Value } from "./environment.ts";
import { noteFiles } from "./context-files.ts";
import { stepSlots } from "./key-parts.ts";
import { type MissReason, withoutFiles, withPrunedFiles } from "./miss-reason.ts";
import type { SolveEnvironment } from "./step-context.ts";
import type { MountedLayers } from "./step-records.ts";

type BindMount = Extract<Mount, { type: "bind" }>;

/** The layers that bind mounts of other stages and images show; undefined when there are no such mounts. */
export async function mountedLayers(
  { directories }: SolveEnvironment,
  op: ExecOp,
  inputs: readonly Value[],
): Promise<MountedLayers | undefined> {
  const shown = mountedStacks(op, inputs).map(
    async ({ mount, input }) => [mount.dest, await directories.ensure(input.stack)] as const,
  );
  return shown.length > 0 ? Object.fromEntries(await Promise.all(shown)) : undefined;
}

function mountedStacks(op: ExecOp, inputs: readonly Value[]) {
  return op.mounts.flatMap((mount) => {
    const input = mount.type === "bind" && mount.dest !== "/" ? inputs[mount.input] : undefined;
    return mount.type === "bind" && input?.kind === "stack" ? [{ mount, input }] : [];
  });
}

/** Names the files that bind mounts of other stages and images show otherwise than in the step's last run, where they may be why
 * it runs. A reason is worth no failure: one that cannot be found out stays as it is. */
export async function noteMountedStacks(
  environment: SolveEnvironment,
  vertex: Vertex,
  { op, inputs }: { op: ExecOp; inputs: readonly Value[] },
): Promise<void> {
  const { reasons, records, project } = environment;
  if (!reasons.get(vertex.digest)?.isProvisional) return;
  const before = records.last(stepSlots(project, vertex))?.mountedLayers;
  const now = await mountedLayers(environment, op, inputs).catch(() => undefined);
  if (!before || !now) return;
  const stacks = mountedStacks(op, inputs);
  const changed = stacks.filter(({ mount: { dest } }) => !isSame(before[dest], now[dest]));
  const all: FileChanges[] = [];
  for (const { mount } of changed) {
    const changes = await changesOf(environment, mount, {
      before: before[mount.dest],
      now: now[mount.dest]!,
    });
    if (changes === "pruned") return editReason(environment, vertex, withPrunedFiles);
    if (!changes) return;
    all.push(changes);
  }
  const first: readonly FileChange[] = all.flatMap((changes) => changes.first).slice(0, 100);
  const count = all.reduce((sum, changes) => sum + changes.count, 0);
  if (count > 0) return noteFiles(environment, vertex, { first, count });
  const parentRan = stacks.some(({ input }) => input.ran);
  if (changed.length > 0) editReason(environment, vertex, (reason) => withoutFiles(reason, parentRan));
}

function isSame(before: readonly string[] | undefined, now: readonly string[] | undefined): boolean {
  return before?.join() === now?.join();
}

async function changesOf(
  environment: SolveEnvironment,
  { dest, selector = "/" }: BindMount,
  { before, now }: { before: MountedLayers[string] | undefined; now: MountedLayers[string] },
): Promise<FileChanges | "pruned" | undefined> {
  if (!before) return undefined;
  if (!before.every((layer) => environment.options.store.layers.has(layer))) return "pruned";
  try {
    const worker = await environment.worker();
    return (await worker.mountChanges({ before, after: now, selector, dest })).changes;
  } catch {
    return undefined;
  }
}

function editReason(
  { reasons }: SolveEnvironment,
  vertex: Vertex,
  edit: (reason: MissReason) => MissReason,
): void {
  const reason = reasons.get(vertex.digest);
  if (reason) reasons.set(vertex.digest, edit(reason));
}
