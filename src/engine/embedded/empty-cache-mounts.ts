import { cacheMountInstances, type Store } from "../../content/index.ts";
import type { Graph, Vertex } from "../../llb/index.ts";
import type { WorkerApi } from "../../worker/index.ts";

/** The namespace of the cache mounts of builds, before that of `BUILDKIT_CACHE_MOUNT_NS`. */
export const cacheMountNamespace = "default";

/** A RUN without the cache begins with empty cache mounts, as in BuildKit: all that such steps use are emptied once, before any
 * step runs. One that another build uses now stays as it is.
 * @returns their ids */
export async function emptyCacheMounts(
  graph: Graph,
  { paths }: Store,
  worker: () => Promise<WorkerApi>,
): Promise<ReadonlySet<string>> {
  const ids = cacheMountIds(graph, ({ metadata }) => metadata.ignoreCache ?? false);
  const instances = [...ids].flatMap((id) =>
    cacheMountInstances(paths.mounts, { namespace: cacheMountNamespace, id }),
  );
  if (instances.length > 0) await (await worker()).emptyMounts({ paths: instances });
  return ids;
}

/** Ids of the cache mounts of those vertices. */
export function cacheMountIds(
  { vertices }: Graph,
  isChosen: (vertex: Vertex) => boolean = () => true,
): ReadonlySet<string> {
  return new Set(
    [...vertices.values()].flatMap((vertex) => {
      if (vertex.op.kind !== "exec" || !isChosen(vertex)) return [];
      return vertex.op.mounts.flatMap((mount) => (mount.type === "cache" ? mount.id : []));
    }),
  );
}
