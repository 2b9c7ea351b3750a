import { mkdirSync } from "node:fs";
import path from "node:path";
import type { Store } from "../content/index.ts";
import type { LayerId } from "./protocol.ts";
import { removePath } from "./remove-path.ts";

/** Makes a layer, whole or not at all: `fill` gets an empty directory in `tmp/`, which is then renamed into place. */
export async function makeLayer<Made extends { readonly sizeBytes: number }>(
  store: Store,
  layer: LayerId,
  fill: (fs: string) => Promise<Made>,
): Promise<Made> {
  const directory = store.temp.newPath("layer");
  const fs = path.join(directory, "fs");
  try {
    mkdirSync(fs, { recursive: true, mode: 0o755 });
    const made = await fill(fs);
    store.layers.commit(layer, directory, { sizeBytes: made.sizeBytes, createdAtMs: Date.now() });
    return made;
  } catch (error) {
    removePath(directory);
    throw error;
  }
}
