import { statfsSync } from "node:fs";
import path from "node:path";
import { resolveStoreRoot } from "../content/index.ts";
import { formatBytes } from "../util/index.ts";

/** What to do when a disk is full. The error has said what could not be written. */
export function fullDiskHint(args: readonly string[], env: NodeJS.ProcessEnv): string {
  const root = resolveStoreRoot({ root: givenRoot(args), env });
  const free = freeBytes(root);
  const where = free === undefined ? "" : `${JSON.stringify(root)} has ${formatBytes(free)} left; `;
  return `${where}"slipway prune" removes what no image needs`;
}

function givenRoot(args: readonly string[]): string | undefined {
  const at = args.findIndex((arg) => arg === "--root" || arg.startsWith("--root="));
  return args[at] === "--root" ? args[at + 1] : args[at]?.slice("--root=".length);
}

/** Of the nearest directory that there is. */
function freeBytes(directory: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize;
  } catch {
    const parent = path.dirname(directory);
    return parent === directory ? undefined : freeBytes(parent);
  }
}
