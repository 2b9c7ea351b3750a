import { mkdirSync, statSync } from "node:fs";
import path from "node:path";
import type { Store } from "../content/index.ts";
import { type OpaqueXattr, unpackTar } from "../layer/index.ts";
import type { LayerCompression } from "../oci/index.ts";
import type { WorkerApi } from "./protocol.ts";
import { removePath } from "./remove-path.ts";

/** What the bulk requests of one thread share. */
export interface BulkEnvironment {
  readonly store: Store;
  readonly opaqueXattr: OpaqueXattr;
}

/** Requests that are long stretches of synchronous file work; they run in threads, so that steps and their output go on. */
export type BulkApi = Pick<WorkerApi, "unpackLayer" | "importTar" | "remove">;

export function bulkRequests(environment: BulkEnvironment): BulkApi {
  const { store, opaqueXattr } = environment;
  return {
    async unpackLayer({ layer, blob, mediaType, diffID }) {
      const source = store.content.pathOf(blob);
      const { sizeBytes, tarSizeBytes } = await makeLayer(environment, layer, (fs) =>
        unpackTar(source, fs, { form: "layer", opaqueXattr, expectedDiffID: diffID }),
      );
      const { size } = statSync(source);
      const packed = { digest: blob, size, mediaType, compression: compressionOf(mediaType) };
      store.layers.addPack(layer, { diffID, tarSizeBytes, blobs: [packed] });
      return { layer, sizeBytes };
    },

    async importTar({ layer, file }) {
      const { sizeBytes } = await makeLayer(environment, layer, (fs) =>
        unpackTar(file, fs, { form: "rootfs", opaqueXattr }),
      );
      return { layer, sizeBytes };
    },

    async remove({ layers, paths }) {
      for (const layer of layers) removePath(store.layers.dirOf(layer));
      for (const file of paths) removePath(insideTemp(store, file));
    },
  };
}

function compressionOf(mediaType: string): LayerCompression {
  if (mediaType.endsWith("gzip")) return "gzip";
  return mediaType.endsWith("zstd") ? "zstd" : "none";
}

/** A layer is whole or absent: it is filled in `tmp/` and renamed. */
async function makeLayer<Made extends { readonly sizeBytes: number }>(
  { store }: BulkEnvironment,
  layer: string,
  fill: (fs: string) => Promise<Made>,
): Promise<Made> {
  const directory = store.temp.newPath("layer");
  try {
    mkdirSync(directory, { mode: 0o755 });
    const made = await fill(path.join(directory, "fs"));
    store.layers.commit(layer, directory, { sizeBytes: made.sizeBytes, createdAtMs: Date.now() });
    return made;
  } catch (error) {
    removePath(directory);
    throw error;
  }
}

/** Only what is half done is removed by path. */
function insideTemp(store: Store, file: string): string {
  const relative = path.relative(store.paths.tmp, file);
  if (path.isAbsolute(file) && relative !== "" && !relative.startsWith("..")) return file;
  throw new Error(`Internal error: "${file}" does not lie in "${store.paths.tmp}"`);
}
