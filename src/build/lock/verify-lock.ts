import type { StepEngine } from "../step-engine.ts";
import { currentDigest, currentVersion } from "./current-sources.ts";
import { moved } from "./locked-resolver.ts";
import type { SourceLock, WantedSource } from "./source-lock.ts";

/** Asks the network whether everything that a build named still is what its lock says.
 * @throws {BuildError} `SOURCE_MOVED` for the first that is not; what asking throws */
export async function verifyLock(lock: SourceLock, steps: StepEngine): Promise<void> {
  await Promise.all(lock.wanted.map((source) => verifySource(source, lock, steps)));
}

async function verifySource(source: WantedSource, { lock }: SourceLock, steps: StepEngine): Promise<void> {
  const { name, kind } = source;
  if (kind === "image") {
    const locked = lock.images[name];
    if (!locked || locked.local) return; // a local one was compared when it was resolved
    const digest = await currentDigest(name, steps);
    if (digest !== locked.digest) throw moved(name, locked.digest, digest);
    return;
  }
  const locked = kind === "url" ? lock.urls[name] : lock.git[name];
  const now = await currentVersion(source, steps);
  if (locked !== undefined && locked !== now) throw moved(name, locked, now);
}
