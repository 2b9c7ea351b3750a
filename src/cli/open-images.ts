import { openStore, resolveStoreRoot, type Store } from "../content/index.ts";
import { ImageStore } from "../image/index.ts";
import type { CliIo } from "./cli-io.ts";

/** Options that every command takes. */
export interface GlobalFlags {
  readonly root?: string;
}

export function openCliStore(flags: GlobalFlags, io: CliIo): Store {
  return openStore(resolveStoreRoot({ root: flags.root, env: io.env }));
}

export function openImages(flags: GlobalFlags, io: CliIo): { store: Store; images: ImageStore } {
  const store = openCliStore(flags, io);
  return { store, images: new ImageStore(store) };
}
