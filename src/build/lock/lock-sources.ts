import { didYouMean } from "../../errors/index.ts";
import { formatReference, parseReference } from "../../oci/index.ts";
import { BuildError } from "../build-error.ts";
import { createBuildSession } from "../build-session.ts";
import { ImageResolver } from "../image-resolver.ts";
import type { BuildEnvironment, BuildOptions } from "../options.ts";
import { noDevices, planInput } from "../plan-input.ts";
import { readDockerfile } from "../read-dockerfile.ts";
import { SshAgents } from "../ssh-agents.ts";
import { StepEngine } from "../step-engine.ts";
import { currentVersion } from "./current-sources.ts";
import { emptyLock, type Lock, lockPath, readLock, writeLock } from "./lock-file.ts";
import { LockedResolver } from "./locked-resolver.ts";
import { SourceLock } from "./source-lock.ts";

/** Which entries of a lock are found out anew: none, all, or those with these names. */
export type LockUpdate = "missing" | "all" | readonly string[];

export interface LockChange {
  readonly name: string;
  /** Undefined for what was not locked before. */
  readonly before?: string;
  /** Undefined for what no stage names any more. */
  readonly after?: string;
}

export interface LockResult {
  /** Absolute. */
  readonly file: string;
  readonly changes: readonly LockChange[];
  readonly count: number;
}

/** Writes the lock of a Dockerfile: every image, URL and git ref that its stages name, for every platform asked for. What it knew stays
 * as it is unless it is to be updated; what no stage names any more goes. Nothing is built.
 * @throws {BuildError} `LOCK_INVALID` | `NOT_LOCKED` for a name to update that there is not; and what a build throws before its first
 * step */
export async function lockSources(
  options: BuildOptions,
  environment: BuildEnvironment,
  update: LockUpdate,
): Promise<LockResult> {
  const file = options.remoteContext ? undefined : lockPath(readDockerfile(options));
  if (file === undefined) {
    const reason = "it is no file of this machine, so there is no place for its lock";
    throw new BuildError("LOCK_INVALID", `Cannot lock the Dockerfile: ${reason}`);
  }
  const dockerfile = readDockerfile(options);
  const known = readLock(file) ?? emptyLock;
  const { store, emit } = environment;
  await using agents = new SshAgents(options.ssh ?? [], process.env);
  const session = createBuildSession(options, agents);
  const { localContexts } = session;
  await using steps = new StepEngine({ ...environment, pull: update !== "missing", localContexts, session });
  const pins = new SourceLock(without(known, update));
  const localResolver = new ImageResolver({ store, emit, pull: false, registry: () => steps.registry() });
  const resolver = new LockedResolver({ resolver: steps.resolver, localResolver, pins, store });
  // Nothing runs, so nothing has to be allowed.
  const allowed = { ...options, allow: { networkHost: true, insecure: true } };
  const {
    dockerfile: parsed,
    stageOptions,
    convertOptions,
  } = await planInput(dockerfile, allowed, environment);
  const { convertTarget, resolveStages } = await import("../../dockerfile/index.ts");
  for (const platform of options.platforms ?? [stageOptions.platform]) {
    const graph = resolveStages(parsed, { ...stageOptions, platform });
    for (const { index } of graph.stages) {
      await convertTarget({ ...graph, target: index }, { ...convertOptions, ...noDevices, pins }, resolver);
    }
  }
  if (Array.isArray(update)) requireNames(update as readonly string[], pins);
  const lock = await toLock(pins, resolver, { known, steps });
  const changes = compare(known, lock);
  if (changes.length > 0 || !readLock(file)) writeLock(file, lock);
  return { file, changes, count: entriesOf(lock).size };
}

/** What is not to be updated. */
function without(known: Lock, update: LockUpdate): Lock {
  if (update === "missing") return known;
  if (update === "all") return emptyLock;
  const names = new Set(update.flatMap(spellings));
  const keep = <Value>(entries: Readonly<Record<string, Value>>) =>
    Object.fromEntries(Object.entries(entries).filter(([name]) => !names.has(name)));
  return { images: keep(known.images), urls: keep(known.urls), git: keep(known.git) };
}

/** A name as it may stand in the lock: as typed, and normalised as an image's. */
function spellings(name: string): readonly string[] {
  try {
    return [name, formatReference(parseReference(name))];
  } catch {
    return [name];
  }
}

function requireNames(names: readonly string[], { wanted }: SourceLock): void {
  const there = wanted.map(({ name }) => name);
  for (const name of names) {
    if (spellings(name).some((spelling) => there.includes(spelling))) continue;
    const message = `Cannot update ${name}: no stage names it${didYouMean(name, there)}`;
    throw new BuildError("NOT_LOCKED", message);
  }
}

async function toLock(
  pins: SourceLock,
  { found }: LockedResolver,
  { known, steps }: { readonly known: Lock; readonly steps: StepEngine },
): Promise<Lock> {
  const [urls, git]: Record<string, string>[] = [{}, {}];
  await Promise.all(
    pins.wanted.map(async (source) => {
      if (source.kind === "image") return;
      const [entries, locked] = source.kind === "url" ? [urls!, pins.lock.urls] : [git!, pins.lock.git];
      entries[source.name] = locked[source.name] ?? (await currentVersion(source, steps));
    }),
  );
  const images = [...found].map(([name, image]) => {
    const before = known.images[name];
    const others = before?.digest === image.digest ? before.platforms : {};
    return [name, { ...image, platforms: { ...others, ...image.platforms } }] as const;
  });
  return { images: Object.fromEntries(images), urls: urls!, git: git! };
}

function compare(before: Lock, after: Lock): readonly LockChange[] {
  const [old, now] = [entriesOf(before), entriesOf(after)];
  const names = [...new Set([...old.keys(), ...now.keys()])].sort();
  return names.flatMap((name) => {
    const [was, is] = [old.get(name), now.get(name)];
    if (was === is) return [];
    return [{ name, ...(was !== undefined && { before: was }), ...(is !== undefined && { after: is }) }];
  });
}

/** What each name is locked to. A further platform of an image is a change too. */
function entriesOf({ images, urls, git }: Lock): ReadonlyMap<string, string> {
  const platforms = Object.entries(images).flatMap(([name, image]) =>
    Object.keys(image.platforms).map((platform) => [`${name} (${platform})`, image.digest] as const),
  );
  return new Map<string, string>([...platforms, ...Object.entries(urls), ...Object.entries(git)]);
}
