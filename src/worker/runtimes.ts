import { ExecutorError, type Runtime, WaitingRuntime } from "../executor/index.ts";

/** The runtimes that are left to try. The first one that starts a container is kept. One that cannot is dropped and the next is
 * tried: that costs nothing when all is well, unlike a probe. */
export class Runtimes {
  readonly #find: () => readonly Runtime[];
  readonly #prepare: (runtime: Runtime) => Runtime;
  #candidates: readonly Runtime[] | undefined;
  #isProven = false;
  #mayWait = true;

  /** @param prepare called before a runtime is used for the first time; what it returns is used */
  constructor(find: () => readonly Runtime[], prepare: (runtime: Runtime) => Runtime) {
    this.#find = find;
    this.#prepare = prepare;
  }

  /** The runtime to be used next; undefined when none is installed. */
  get current(): Runtime | undefined {
    try {
      return this.#choose();
    } catch (error) {
      if (error instanceof ExecutorError && error.code === "RUNTIME_MISSING") return undefined;
      throw error;
    }
  }

  /** Runs `start` with the preferred runtime, and with the next one when the first never worked and fails before the process
   * started.
   * @throws {ExecutorError} of the last one; `RUNTIME_MISSING` */
  async use<Value>(start: (runtime: Runtime) => Promise<Value>): Promise<Value> {
    for (;;) {
      const runtime = this.#choose();
      try {
        const value = await start(runtime);
        this.#isProven = true;
        return value;
      } catch (error) {
        if (!(error instanceof ExecutorError && error.code === "RUNTIME_FAILED")) throw error;
        if (!this.#drop(runtime)) throw error;
      }
    }
  }

  /** The runtime to be used next, where it has started a container and can be started before it is known what it is to run. */
  canWait(): Runtime | undefined {
    const runtime = this.#candidates?.[0];
    return runtime && this.#isProven && this.#mayWait && WaitingRuntime.isPossible(runtime)
      ? runtime
      : undefined;
  }

  /** One that failed while it waited is started again in the usual way, and none waits any more.
   * @throws `error` when it is another one */
  withoutWait(error: unknown): undefined {
    if (!(error instanceof ExecutorError && error.code === "RUNTIME_FAILED")) throw error;
    this.#mayWait = false;
  }

  #choose(): Runtime {
    if (!this.#candidates) {
      this.#candidates = this.#prepareFirst(this.#find());
    }
    return this.#candidates[0]!;
  }

  /** False when there is nothing else to try. Of several steps that failed at once, the first one drops. */
  #drop(runtime: Runtime): boolean {
    if (this.#candidates?.[0] !== runtime) return true;
    if (this.#isProven || this.#candidates.length === 1) return false;
    this.#candidates = this.#prepareFirst(this.#candidates.slice(1));
    return true;
  }

  #prepareFirst([first, ...others]: readonly Runtime[]): readonly Runtime[] {
    return [this.#prepare(first!), ...others];
  }
}
