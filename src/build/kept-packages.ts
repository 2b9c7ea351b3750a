import { createHash } from "node:crypto";
import type { Store } from "../content/index.ts";
import { type Stack, stackIdentity } from "../engine/index.ts";
import type { Digest } from "../oci/index.ts";
import type { PackageList } from "../packages/index.ts";
import { packageVersion } from "../util/index.ts";

/** The packages of a stack, as this version of Slipway found them earlier, or as `scan` finds them now. Equal stacks are scanned once;
 * a list that lacks packages is not kept.
 * @param scan tells the ids of the stack's layer directories, bottom first, too */
export async function keptPackages(
  store: Store,
  stack: Stack,
  scan: () => Promise<{ readonly list: PackageList; readonly layers: readonly string[] }>,
): Promise<PackageList> {
  const key = keyOf(stack);
  const kept = read(store, key);
  if (kept) return kept;
  const { list, layers } = await scan();
  const layer = layers.at(-1);
  if (layer !== undefined && list.unread.length === 0) {
    // The list goes when the top layer does (`prune`).
    const blob = store.content.put(JSON.stringify(list)).digest;
    store.cache.put(key, { about: { layer, blob } });
  }
  return list;
}

function keyOf(stack: Stack): string {
  return createHash("sha256")
    .update(`packages\n${packageVersion()}\n${stackIdentity(stack)}`)
    .digest("hex");
}

/** Far above the largest list. */
const limitBytes = 64 << 20;

function read(store: Store, key: string): PackageList | undefined {
  const { about } = (store.cache.get(key) ?? {}) as { readonly about?: { readonly blob: Digest } };
  if (!about) return undefined;
  try {
    return JSON.parse(store.content.read(about.blob, limitBytes).toString()) as PackageList;
  } catch {
    return undefined; // gone or damaged: it can be made again
  }
}
