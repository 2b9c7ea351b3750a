import { ExecutorError, type Runtime } from "../executor/index.ts";

/** The runtimes that are left to try. The first one that starts a container is kept; one that cannot is dropped for good: this
 * costs nothing when all is well, unlike a probe. */
export class Runtimes {
  readonly #find: () => Runtime[];
  #candidates: Runtime[] | undefined;

  constructor(find: () => Runtime[]) {
    this.#find = find;
  }

  /** Runs `start` with the preferred runtime, and with the next one when that fails before the process started.
   * @throws {ExecutorError} of the last one */
  async use<Value>(start: (runtime: Runtime) => Promise<Value>): Promise<Value> {
    this.#candidates ??= this.#find();
    for (;;) {
      const runtime: Runtime = this.#candidates[0]!;
      try {
        return await start(runtime);
      } catch (error) {
        if (!(error instanceof ExecutorError && error.code === "RUNTIME_FAILED")) throw error;
        if (this.#candidates.length === 1) throw error;
        this.#candidates = this.#candidates.filter((candidate) => candidate !== runtime);
      }
    }
  }

  /** Name of the runtime to be used next. */
  describe(): string {
    try {
      this.#candidates ??= this.#find();
      return this.#candidates[0]!.name;
    } catch (error) {
      if (error instanceof ExecutorError) return "no runtime";
      throw error;
    }
  }
}
