import path from "node:path";
import type { CachedLayer, CachedMount } from "../cache/index.ts";
import { type CacheMountName, listCacheMounts } from "../content/index.ts";
import type { RemoteMount, SolveResult } from "../engine/index.ts";
import type { Descriptor } from "../oci/index.ts";
import type { EmitEvent } from "../progress/index.ts";
import { formatBytes } from "../util/index.ts";
import type { WrittenCache } from "./options.ts";
import type { StepEngine } from "./step-engine.ts";

/** What a cache mount holds, on its way to other machines. */
export interface CarriedMount {
  readonly facts: Omit<CachedMount, "layer">;
  readonly layer: CachedLayer;
  /** The tar was made for this. */
  readonly isOwn?: boolean;
}

type Named = SolveResult["cacheMounts"][number];

/** The cache mounts that a build's steps name, packed, if the target asks for them. One that this machine has not used, because no
 * step that mounts it ran, is taken over from the caches that were read: it must not get lost on the way. */
export async function collectMounts(
  { mountsMaxBytes, ...form }: WrittenCache,
  { cacheMounts: names, secretPatterns }: Pick<SolveResult, "cacheMounts" | "secretPatterns">,
  { steps, emit }: { steps: StepEngine; emit: EmitEvent },
): Promise<readonly CarriedMount[]> {
  if (mountsMaxBytes === undefined || names.length === 0) return [];
  const carried = new Map<string, CarriedMount>();
  for (const mount of await remoteMounts(steps)) {
    if (isNamed(mount, names) && !carried.has(nameOf(mount))) carried.set(nameOf(mount), takeOver(mount));
  }
  for (const { path: instance, name } of listCacheMounts(steps.store.paths.mounts)) {
    // A second instance is what two steps had at once that would not share.
    if (!name || !isNamed(name, names) || path.basename(instance) !== "0") continue;
    const packed = await pack({ instance, name, mountsMaxBytes, form, secretPatterns }, { steps, emit });
    if (packed) carried.set(nameOf(name), packed);
  }
  return [...carried.values()];
}

/** Removes the tars that were only made to be sent. */
export function dropTars(mounts: readonly CarriedMount[], { store: { content } }: StepEngine): void {
  for (const { layer, isOwn } of mounts) {
    const { digest }: Descriptor = layer.blob;
    const usedAtMs = isOwn ? content.usedAtMs(digest) : undefined;
    if (usedAtMs !== undefined) content.removeUnused(digest, usedAtMs);
  }
}

async function remoteMounts({ cacheSources }: StepEngine): Promise<readonly RemoteMount[]> {
  const lists = await Promise.all(cacheSources.map(({ mounts }) => mounts?.list() ?? []));
  return lists.flat();
}

function takeOver({ diffID, blob, reference, ...facts }: RemoteMount): CarriedMount {
  return { facts, layer: { diffID, blob, reference } };
}

interface LocalMount {
  readonly instance: string;
  readonly name: CacheMountName;
  readonly mountsMaxBytes: number;
  readonly form: Pick<WrittenCache, "compression" | "level">;
  readonly secretPatterns: readonly string[];
}

async function pack(
  { instance, name, mountsMaxBytes, form: { compression = "gzip", level }, secretPatterns }: LocalMount,
  { steps, emit }: { steps: StepEngine; emit: EmitEvent },
): Promise<CarriedMount | undefined> {
  const worker = await steps.worker();
  const packed = await worker.packCacheMount({
    path: instance,
    limitBytes: mountsMaxBytes,
    secretPatterns,
    compression,
    ...(level !== undefined && { level }),
  });
  if (packed.kind === "packed") {
    const { diffID, blob, root } = packed;
    return { facts: { ...name, ...root }, layer: { diffID, blob }, isOwn: true };
  }
  if (packed.kind === "empty") return undefined;
  const reason = {
    "in use": () => "another build uses it now",
    "holds a secret": () => "the value of a secret is in it",
    "too large": (sizeBytes = 0) =>
      `${formatBytes(sizeBytes)} are more than mounts-max=${formatBytes(mountsMaxBytes)}`,
  }[packed.kind]("sizeBytes" in packed ? packed.sizeBytes : undefined);
  const shown = JSON.stringify(name.id.replace(/^\//, ""));
  emit({ kind: "note", text: `cache mount ${shown} not exported: ${reason}` });
  return undefined;
}

function isNamed(mount: Named, names: readonly Named[]): boolean {
  return names.some(({ namespace, id }) => mount.namespace === namespace && mount.id === id);
}

function nameOf({ namespace, id, base }: CacheMountName): string {
  return `${namespace}\0${id}\0${base}`;
}
