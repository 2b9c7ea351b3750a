import { chmodSync, mkdirSync } from "node:fs";
import path from "node:path";
import { copyDirectoryMetadata, type MountPoint, mountOverlay, treeSizeBytes } from "../snapshot/index.ts";
import { umount } from "../sys/index.ts";
import { type Environment, newMemoryDir } from "./environment.ts";
import type { LayerInfo } from "./protocol.ts";

export interface StepRootOptions {
  /** Unique among the running steps. */
  readonly name: string;
  readonly lowers: readonly string[];
  /** Device nodes cannot be opened. */
  readonly nodev: boolean;
}

/** The root file system of one step: first a read-only view of its layers, for who asks, then with an upper directory that can become a layer.
 * The disk is touched as little as possible: on many a directory made there costs more than everything else of a step. */
export class StepRoot implements Disposable {
  /** Absolute host path where the tree is mounted. */
  readonly path: string;
  readonly #environment: Environment;
  readonly #options: StepRootOptions;
  readonly #lowers: readonly string[];
  /** Becomes `layers/<id>`: holds `fs`, the upper directory. */
  readonly #layerDir: string;
  readonly #work: string;
  #isMounted = false;
  #isCommitted = false;
  #isPrepared = false;

  constructor(environment: Environment, options: StepRootOptions) {
    const { store } = environment;
    this.#environment = environment;
    this.#options = options;
    this.#lowers = options.lowers.map((layer) => store.layers.fsOf(layer));
    this.#layerDir = store.temp.newPath("layer");
    this.#work = store.temp.newPath("work");
    this.path = newMemoryDir(environment, `${options.name}/root`);
  }

  /** Lets the tree be looked at before it is writable. Returns `path`. */
  look(): string {
    if (!this.#isMounted) this.#mount(this.#lowers, false);
    return this.path;
  }

  /** Makes what can be made before the layers are there. */
  prepare(): void {
    if (this.#isPrepared) return;
    mkdirSync(this.#layerDir, { mode: 0o755 });
    mkdirSync(this.#upper, { mode: 0o755 });
    mkdirSync(this.#work, { mode: 0o700 });
    this.#isPrepared = true;
  }

  /** Makes the tree writable, with every mount point in it. Returns where each really is.
   * @param kept directories of the root that become part of the layer where the tree lacks them */
  open(points: readonly MountPoint[], kept: readonly string[]): readonly string[] {
    const request = { lowers: this.#lowers, points, kept };
    const { resolved, made, stubs } = this.#environment.mountPoints.place(request, () => this.look());
    this.#unmount();
    this.prepare();
    const base = this.#lowers.at(-1);
    for (const name of made) makeKept(path.join(this.#upper, name));
    if (base !== undefined) copyDirectoryMetadata(base, this.#upper);
    this.#mount([...this.#lowers, ...stubs], true);
    return resolved;
  }

  /** Makes what was written a layer of the store. */
  commit(layer: string): LayerInfo {
    this.#unmount();
    const sizeBytes = treeSizeBytes(this.#upper);
    this.#environment.store.layers.commit(layer, this.#layerDir, { sizeBytes, createdAtMs: Date.now() });
    this.#isCommitted = true;
    return { layer, sizeBytes };
  }

  [Symbol.dispose](): void {
    this.#unmount();
    this.#environment.rubbish.addSmall(this.#work);
    if (!this.#isCommitted) this.#environment.rubbish.add(this.#layerDir);
  }

  get #upper(): string {
    return path.join(this.#layerDir, "fs");
  }

  #mount(lowers: readonly string[], isWritable: boolean): void {
    const { links, sandbox } = this.#environment;
    mountOverlay({
      target: this.path,
      lowers,
      ...(isWritable && { upper: { directory: this.#upper, work: this.#work } }),
      links,
      userxattr: sandbox.userNamespace,
      nodev: this.#options.nodev,
    });
    this.#isMounted = true;
  }

  /** Lazily: a process of the step may still be ending. */
  #unmount(): void {
    if (this.#isMounted) umount(this.path, { detach: true });
    this.#isMounted = false;
  }
}

function makeKept(directory: string): void {
  mkdirSync(directory);
  chmodSync(directory, 0o755); // whatever the umask
}
