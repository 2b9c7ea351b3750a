import type { Store } from "../content/index.ts";
import type { CopySource } from "../snapshot/index.ts";
import type { TreeSource } from "./protocol.ts";

export function toCopySource({ layers }: Store, source: TreeSource): CopySource {
  return source.kind === "context"
    ? { kind: "directory", ...source.context }
    : { kind: "layers", layers: source.layers.map((layer) => layers.fsOf(layer)) };
}
