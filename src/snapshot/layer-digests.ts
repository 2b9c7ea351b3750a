import { closeSync } from "node:fs";
import type { SelectedEntry } from "../tree/index.ts";
import { hashWritten } from "./copy-bytes.ts";
import type { OpenSource } from "./source-tree.ts";

const MAX_ENTRIES = 200_000;

/** Digests of files of layers, kept while the worker lives: a layer's files never change. */
export class LayerDigests {
  readonly #digests = new Map<string, string>();

  /** Hex sha256 of the bytes of a regular file. */
  digestOf(source: OpenSource, entry: SelectedEntry): string {
    if (!source.isImmutable) return hash(source, entry);
    const key = source.tree.hostPath(entry.path).toString("latin1");
    let digest = this.#digests.get(key);
    if (digest === undefined) {
      digest = hash(source, entry);
      if (this.#digests.size >= MAX_ENTRIES) this.#digests.clear();
      this.#digests.set(key, digest);
    }
    return digest;
  }
}

function hash(source: OpenSource, entry: SelectedEntry): string {
  const fd = source.open(entry.path);
  try {
    return hashWritten(fd).digest;
  } finally {
    closeSync(fd);
  }
}
