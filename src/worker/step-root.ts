import { mkdirSync } from "node:fs";
import path from "node:path";
import type { LayerInfo } from "./protocol.ts";
import {
  copyDirectoryMetadata,
  type MountPoint,
  mountOverlay,
  prepareMountPoints,
  treeSizeBytes,
} from "../snapshot/index.ts";
import { umount } from "../sys/index.ts";
import { type Environment, newMemoryDir } from "./environment.ts";
import { removePath } from "./remove-path.ts";

/** The root file system of one step: a stack of layers under an upper directory that can become a layer. */
export class StepRoot implements Disposable {
  /** Absolute host path where the tree is mounted. */
  readonly path: string;
  readonly #environment: Environment;
  readonly #lowers: readonly string[];
  readonly #nodev: boolean;
  /** Becomes `layers/<id>`: holds `fs`, the upper directory. */
  readonly #layerDir: string;
  readonly #stubs: string;
  readonly #scratches: string[] = [];
  #isMounted = false;

  /** @param options.nodev device nodes cannot be opened */
  constructor(
    environment: Environment,
    options: { name: string; lowers: readonly string[]; nodev: boolean },
  ) {
    this.#environment = environment;
    this.#lowers = options.lowers.map((layer) => environment.store.layers.fsOf(layer));
    this.#nodev = options.nodev;
    this.path = newMemoryDir(environment, `${options.name}.root`);
    this.#layerDir = environment.store.temp.newPath("layer");
    this.#stubs = environment.store.temp.newPath("stubs");
    mkdirSync(this.#upper, { recursive: true, mode: 0o755 });
    const base = this.#lowers.at(-1);
    if (base !== undefined) copyDirectoryMetadata(base, this.#upper);
    this.#mount(this.#lowers);
  }

  /** Makes sure that every mount point exists, without a trace in the layer. Returns where each really is. */
  prepare(points: readonly MountPoint[]): readonly string[] {
    mkdirSync(this.#stubs, { mode: 0o755 });
    const { resolved, needsLayer } = prepareMountPoints(this.path, this.#stubs, points);
    if (needsLayer) {
      umount(this.path);
      this.#mount([...this.#lowers, this.#stubs]);
    }
    return resolved;
  }

  /** Makes what was written a layer of the store. */
  commit(layer: string): LayerInfo {
    this.#unmount();
    const sizeBytes = treeSizeBytes(this.#upper);
    this.#environment.store.layers.commit(layer, this.#layerDir, { sizeBytes, createdAtMs: Date.now() });
    return { layer, sizeBytes };
  }

  [Symbol.dispose](): void {
    this.#unmount();
    for (const directory of [this.#layerDir, this.#stubs, ...this.#scratches]) removePath(directory);
  }

  get #upper(): string {
    return path.join(this.#layerDir, "fs");
  }

  #mount(lowers: readonly string[]): void {
    const scratch = this.#environment.store.temp.newPath("overlay");
    mkdirSync(scratch, { mode: 0o700 });
    this.#scratches.push(scratch);
    mountOverlay({
      target: this.path,
      lowers,
      upper: this.#upper,
      scratch,
      userxattr: this.#environment.sandbox.userNamespace,
      nodev: this.#nodev,
    });
    this.#isMounted = true;
  }

  /** Lazily: a process of the step may still be ending. */
  #unmount(): void {
    if (this.#isMounted) umount(this.path, { detach: true });
    this.#isMounted = false;
  }
}
