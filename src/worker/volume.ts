import {
  closeSync,
  fstatSync,
  ftruncateSync,
  futimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
  writeSync,
} from "node:fs";
import path from "node:path";
import { volumeDir } from "../content/index.ts";
import { syncFileSystemInThread } from "../sys/index.ts";
import { copyTree, viewPart } from "./copy-layers.ts";
import type { Environment } from "./environment.ts";
import type { WorkerMount } from "./protocol.ts";
import type { Defer } from "./undo.ts";
import { waitForLock } from "./wait-for-lock.ts";

type Volume = Extract<WorkerMount, { type: "volume" }>;

export interface OpenVolumeOptions {
  /** A path in memory where this may create something. */
  readonly own: string;
  readonly signal: AbortSignal;
  readonly defer: Defer;
}

/** Absolute path of a volume's files. A named one is kept, and cannot be removed until the step ends; without a name it lasts as
 * long as the step. */
export async function openVolume(
  environment: Environment,
  volume: Volume,
  options: OpenVolumeOptions,
): Promise<string> {
  return volume.name === undefined
    ? openAnonymous(environment, volume, options)
    : await openNamed(environment, { ...volume, name: volume.name }, options);
}

/** Nothing is copied: what is written lies over the image, and is thrown away. */
function openAnonymous(environment: Environment, volume: Volume, { own, defer }: OpenVolumeOptions): string {
  const { layers, dest } = volume;
  const files = viewPart(environment, { layers, selector: dest, readonly: false, target: own }, defer);
  mkdirSync(files, { recursive: true, mode: 0o755 });
  return files;
}

async function openNamed(
  environment: Environment,
  volume: Volume & { readonly name: string },
  options: OpenVolumeOptions,
): Promise<string> {
  const home = volumeDir(environment.store.paths.volumes, volume.name);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  await lockFor(options.defer, path.join(home, "lock"), "shared", options.signal);
  const files = path.join(home, "fs");
  mkdirSync(files, { recursive: true, mode: 0o755 });
  if (volume.layers.length > 0) await fillOnce(environment, { ...volume, home, files }, options);
  return files;
}

/** As Docker does: what is empty begins with what the image has there. Two that come at once fill it one after the other, and a mark
 * tells of a fill that was not ended. */
async function fillOnce(
  environment: Environment,
  volume: Volume & { readonly home: string; readonly files: string },
  { own, signal }: OpenVolumeOptions,
): Promise<void> {
  const { layers, dest, home, files } = volume;
  const undo: (() => void | Promise<void>)[] = [];
  const defer: Defer = (step) => void undo.push(step);
  try {
    const mark = await lockFor(defer, path.join(home, "filling"), "exclusive", signal);
    if (fstatSync(mark).size === 0 && readdirSync(files).length > 0) return;
    const source = viewPart(environment, { layers, selector: dest, readonly: true, target: own }, defer);
    if (!statSync(source, { throwIfNoEntry: false })?.isDirectory()) return;
    writeSync(mark, "unfinished");
    await copyTree(source, files, { signal, what: `volume "${volume.name}"` });
    await syncFileSystemInThread(home);
    ftruncateSync(mark);
  } finally {
    for (const step of undo.toReversed()) await step();
  }
}

/** Opens a file and locks it until it is undone. Its time is that of the last use. */
async function lockFor(
  defer: Defer,
  file: string,
  kind: "exclusive" | "shared",
  signal: AbortSignal,
): Promise<number> {
  const fd = openSync(file, "a", 0o600);
  defer(() => closeSync(fd));
  const now = new Date();
  futimesSync(fd, now, now);
  await waitForLock(fd, kind, { signal });
  return fd;
}
