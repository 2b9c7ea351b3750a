import path from "node:path";
import type { ImageConfigResolver } from "../../dockerfile/index.ts";
import type { BuildOptions } from "../options.ts";
import type { DockerfileText } from "../read-dockerfile.ts";
import type { StepEngine } from "../step-engine.ts";
import { lockPath, readLock } from "./lock-file.ts";
import { LockedResolver } from "./locked-resolver.ts";
import { SourceLock } from "./source-lock.ts";

/** What a build of a Dockerfile finds its sources with: by its lock where there is one, or where there must be.
 * @throws {BuildError} `LOCK_INVALID` */
export function openLock(
  dockerfile: DockerfileText,
  { frozen = false }: Pick<BuildOptions, "frozen">,
  { resolver, store }: StepEngine,
): { readonly resolver: ImageConfigResolver; readonly pins?: SourceLock } {
  const file = lockPath(dockerfile);
  const lock = file === undefined ? undefined : readLock(file);
  if (!lock && !frozen) return { resolver };
  const name = file === undefined ? "a lock: the Dockerfile is no file" : path.basename(file);
  const pins = new SourceLock(lock, frozen ? name : undefined);
  return { resolver: new LockedResolver({ resolver, pins, store }), pins };
}
