import { homedir } from "node:os";
import path from "node:path";

export interface StoreRootOptions {
  /** Value of `--root`. */
  readonly root?: string | undefined;
  readonly env?: NodeJS.ProcessEnv;
  readonly isRoot?: boolean;
}

/** The store's directory, absolute: `--root`, `SLIPWAY_ROOT`, or `/var/lib/slipway` as root and `$XDG_DATA_HOME/slipway`
 * (`~/.local/share/slipway`) otherwise. Nothing is created. */
export function resolveStoreRoot(options: StoreRootOptions = {}): string {
  const { root, env = process.env, isRoot = process.getuid?.() === 0 } = options;
  const chosen = root || env["SLIPWAY_ROOT"];
  if (chosen) return path.resolve(chosen);
  if (isRoot) return "/var/lib/slipway";
  return path.join(dataHome(env), "slipway");
}

/** The XDG specification says to ignore a relative `XDG_DATA_HOME`. */
function dataHome(env: NodeJS.ProcessEnv): string {
  const xdg = env["XDG_DATA_HOME"];
  if (xdg && path.isAbsolute(xdg)) return xdg;
  return path.join(env["HOME"] || homedir(), ".local/share");
}
