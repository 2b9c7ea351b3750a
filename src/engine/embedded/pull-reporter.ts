import type { Descriptor } from "../../oci/index.ts";
import type { EmitEvent } from "../../progress/index.ts";

export interface PullReport {
  /** Bytes of the layer's blob that have come. */
  readonly progress: (bytes: number) => void;
  readonly log: (text: string) => void;
}

/** Reports the fetching and unpacking of base images under their FROM steps. One of which nothing has to be
 * fetched is reported as cached before the first step that stands on it runs, or at the end. */
export class PullReporter {
  readonly #emit: EmitEvent;
  /** Vertex of each image's FROM step, by reference. */
  readonly #vertices = new Map<string, string>();
  readonly #running = new Map<string, number>();
  readonly #reported = new Set<string>();

  constructor(emit: EmitEvent) {
    this.#emit = emit;
  }

  /** From now on, layers of image `reference` are reported under vertex `id`. */
  watch(reference: string, id: string): void {
    if (!this.#vertices.has(reference)) this.#vertices.set(reference, id);
  }

  /** Does `work` for one layer and reports it. */
  async during<Value>(
    reference: string | undefined,
    blob: Descriptor,
    work: (report: PullReport) => Promise<Value>,
  ): Promise<Value> {
    const id = reference === undefined ? undefined : this.#vertices.get(reference);
    if (id === undefined) return await work({ progress: () => {}, log: () => {} });
    this.#enter(id);
    try {
      const value = await work({
        progress: (bytes) => this.#status(id, blob, bytes, false),
        log: (text) => this.#emit({ kind: "vertex-log", id, timeMs: Date.now(), stream: 2, text }),
      });
      this.#status(id, blob, blob.size, true);
      this.#leave(id, undefined);
      return value;
    } catch (error) {
      this.#leave(id, error);
      throw error;
    }
  }

  /** Reports an image of which nothing has to be fetched. */
  here(reference: string): void {
    this.#here(this.#vertices.get(reference));
  }

  /** Reports the images whose files nobody needed. */
  close(): void {
    for (const id of this.#vertices.values()) this.#here(id);
  }

  #here(id: string | undefined): void {
    if (id === undefined || this.#reported.has(id)) return;
    this.#emit({ kind: "vertex-completed", id, timeMs: Date.now(), outcome: "cached" });
    this.#reported.add(id);
  }

  #enter(id: string): void {
    const running = this.#running.get(id) ?? 0;
    if (running === 0) this.#emit({ kind: "vertex-started", id, timeMs: Date.now() });
    this.#running.set(id, running + 1);
    this.#reported.add(id);
  }

  #leave(id: string, error: unknown): void {
    const running = (this.#running.get(id) ?? 1) - 1;
    this.#running.set(id, running);
    if (running > 0 && error === undefined) return;
    const outcome = error === undefined ? "done" : "failed";
    const message = error instanceof Error ? { error: error.message } : {};
    this.#emit({ kind: "vertex-completed", id, timeMs: Date.now(), outcome, ...message });
  }

  #status(id: string, blob: Descriptor, current: number, isDone: boolean): void {
    const item = blob.digest;
    const total = blob.size;
    this.#emit({
      kind: "vertex-status",
      id,
      timeMs: Date.now(),
      item,
      current,
      total,
      unit: "bytes",
      isDone,
    });
  }
}
