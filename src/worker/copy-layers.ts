import path from "node:path";
import { resolveInside } from "../snapshot/index.ts";
import { runProcess } from "../util/index.ts";
import type { Environment } from "./environment.ts";
import type { LayerId } from "./protocol.ts";
import type { Defer } from "./undo.ts";
import { mountView } from "./view.ts";
import { WorkerError } from "./worker-error.ts";

export interface ViewPartRequest {
  readonly layers: readonly LayerId[];
  /** A path inside the tree; default: its root. */
  readonly selector?: string | undefined;
  readonly readonly: boolean;
  /** Where the view is mounted. */
  readonly target: string;
}

/** Mounts a stack of layers. @returns absolute path of the selected part, which may not be there */
export function viewPart(environment: Environment, request: ViewPartRequest, defer: Defer): string {
  const { layers, selector = "/", readonly, target } = request;
  const lowers = layers.map((layer) => environment.store.layers.fsOf(layer));
  const view = mountView(environment, { lowers, readonly, target }, defer);
  return path.join(view, resolveInside(view, selector));
}

/** Copies what a directory holds into another one, its own owner and mode too. With cp(1): a whole tree, hard links, attributes and all.
 * @param what is filled, for messages
 * @throws {WorkerError} `CACHE_UNUSABLE` */
export async function copyTree(
  source: string,
  dest: string,
  { signal, what }: { readonly signal: AbortSignal; readonly what: string },
): Promise<void> {
  const { exitCode, stderr } = await runProcess("cp", ["-a", "--", `${source}/.`, dest], { signal });
  if (exitCode !== 0) throw new WorkerError("CACHE_UNUSABLE", `Cannot fill ${what}: ${stderr.trim()}`);
}
