import { chmodSync, chownSync, closeSync, existsSync, mkdirSync, renameSync, statSync } from "node:fs";
import path from "node:path";
import { cacheMountDir, type Store } from "../content/index.ts";
import { type OpaqueXattr, packTar, treeEntries, unpackTar } from "../layer/index.ts";
import { findBytes, LayersTree } from "../snapshot/index.ts";
import { tryFlock } from "../sys/index.ts";
import { measureTree } from "./cache-mount-care.ts";
import { noteName, openInstance, openLock } from "./cache-mount-instance.ts";
import { layerTypes } from "./pack-layer.ts";
import type { PackedCacheMount, WorkerApi } from "./protocol.ts";
import { removePath } from "./remove-path.ts";

/** Far above what caches hold. */
const maxEntries = 10_000_000;

/** Makes a tar of what a cache mount holds; nobody uses it meanwhile. */
export async function packCacheMount(
  store: Store,
  {
    path: instance,
    limitBytes,
    secretPatterns,
    compression,
    level,
  }: Parameters<WorkerApi["packCacheMount"]>[0],
): Promise<PackedCacheMount> {
  const files = path.join(instance, "fs");
  const lock = existsSync(files) ? openLock(instance) : undefined;
  if (lock === undefined) return { kind: "empty" };
  try {
    if (!tryFlock(lock, "exclusive")) return { kind: "in use" };
    const sizeBytes = measureTree(files);
    if (sizeBytes > limitBytes) return { kind: "too large", sizeBytes };
    if (holds(files, secretPatterns)) return { kind: "holds a secret" };
    using writer = store.content.createWriter();
    const sink = { write: (chunk: Uint8Array) => writer.write(chunk) };
    const entries = treeEntries(new LayersTree([files]));
    const { diffID } = await packTar(entries, sink, { compression, level });
    const { digest, sizeBytes: size } = writer.commit();
    const { mode, uid, gid } = statSync(files);
    return {
      kind: "packed",
      diffID,
      sizeBytes,
      blob: { mediaType: layerTypes[compression], digest, size },
      root: { mode: mode & 0o7777, uid, gid },
    };
  } finally {
    closeSync(lock);
  }
}

function holds(directory: string, patterns: readonly string[]): boolean {
  const bytes = patterns.map((pattern) => Buffer.from(pattern, "base64"));
  return findBytes(Buffer.from(directory).toString("latin1"), bytes, { limit: 1 }).length > 0;
}

/** Fills a cache mount that holds nothing with a tar of the content store, whole or not at all.
 * @returns whether it was filled: not where a step uses it, or has used it
 * @throws {LayerError} as `unpackTar` */
export async function restoreCacheMount(
  store: Store,
  opaqueXattr: OpaqueXattr,
  { name, blob, diffID, root, limitBytes }: Parameters<WorkerApi["restoreCacheMount"]>[0],
): Promise<{ isRestored: boolean }> {
  const home = cacheMountDir(store.paths.mounts, name);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  noteName(home, name, store.temp);
  const { instance, fd } = openInstance(home, 0);
  const made = store.temp.newPath("cache");
  try {
    const files = path.join(instance, "fs");
    if (!tryFlock(fd, "exclusive") || existsSync(files)) return { isRestored: false };
    await unpackTar(store.content.pathOf(blob), made, {
      form: "rootfs", // a name like .wh.x is a name here
      opaqueXattr,
      expectedDiffID: diffID,
      limits: { unpackedBytes: limitBytes, tarBytes: 2 * limitBytes + (1 << 20), entries: maxEntries },
    });
    chownSync(made, root.uid, root.gid);
    chmodSync(made, root.mode & 0o7777);
    renameSync(made, files);
    return { isRestored: true };
  } finally {
    removePath(made);
    closeSync(fd);
  }
}
