import { cacheMountInstances, type Store } from "../../content/index.ts";
import type { Definition } from "../../llb/index.ts";
import type { WorkerApi } from "../../worker/index.ts";

/** The namespace of the cache mounts of builds, before that of `BUILDKIT_CACHE_MOUNT_NS`. */
export const cacheMountNamespace = "default";

/** A RUN without the cache begins with empty cache mounts, as in BuildKit: all that such steps use are emptied once, before any
 * step runs. One that another build uses now stays as it is. */
export async function emptyCacheMounts(
  { vertices }: Pick<Definition, "vertices">,
  { paths }: Store,
  worker: () => Promise<WorkerApi>,
): Promise<void> {
  const ids = new Set(
    [...vertices.values()].flatMap(({ op, metadata }) => {
      if (op.kind !== "exec" || !metadata.ignoreCache) return [];
      return op.mounts.flatMap((mount) => (mount.type === "cache" ? mount.id : []));
    }),
  );
  const instances = [...ids].flatMap((id) =>
    cacheMountInstances(paths.mounts, { namespace: cacheMountNamespace, id }),
  );
  if (instances.length > 0) await (await worker()).removeCacheMounts({ paths: instances });
}
