/** Bounds how many tasks run at once. Of the tasks that wait, the one with the highest priority starts first; among equals,
 * the one that asked first. */
export class Semaphore {
  #free: number;
  readonly #waiting: { readonly priority: number; readonly start: () => void }[] = [];

  constructor(slots: number) {
    this.#free = slots;
  }

  async run<Value>(task: () => Promise<Value>, priority = 0): Promise<Value> {
    await this.take(priority);
    try {
      return await task();
    } finally {
      this.give();
    }
  }

  /** Waits for a slot. Whoever has it gives it back, or leaves that to another. */
  async take(priority = 0): Promise<void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((start) => this.#enqueue({ priority, start }));
  }

  give(): void {
    const next = this.#waiting.shift();
    if (next) next.start();
    else this.#free++;
  }

  /** For a task with a slot that only waits for something: others run meanwhile. */
  async lend<Value>(wait: () => Promise<Value>, priority = 0): Promise<Value> {
    this.give();
    try {
      return await wait();
    } finally {
      await this.take(priority);
    }
  }

  #enqueue(entry: { readonly priority: number; readonly start: () => void }): void {
    const position = this.#waiting.findIndex((waiting) => waiting.priority < entry.priority);
    this.#waiting.splice(position === -1 ? this.#waiting.length : position, 0, entry);
  }
}
