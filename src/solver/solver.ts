import { Semaphore } from "../util/index.ts";
import { inputsFirst } from "./inputs-first.ts";

/** One unit of work, opaque to the solver. Its inputs are other vertices' ids. */
export interface SolverVertex<Result> {
  readonly id: string;
  readonly inputs: readonly string[];
  readonly operation: Operation<Result>;
  /** Never take a recorded result. */
  readonly ignoreCache?: boolean;
}

/** What a vertex can do. The solver decides only when: inputs first, a recorded result before execution, equal ids once. */
export interface Operation<Result> {
  /** A result that an earlier run recorded for these inputs, or undefined. Must not do the work itself. */
  findRecorded(inputs: readonly Result[]): Promise<Result | undefined>;
  /** Does the work and records it. */
  execute(inputs: readonly Result[], turn: Turn): Promise<Result>;
}

/** The time of an execution: one of `jobs` that run at once. */
export interface Turn {
  readonly signal: AbortSignal;
  /** Lets another vertex run while this one only waits. */
  idle<Value>(wait: () => Promise<Value>): Promise<Value>;
}

export interface SolverObserver<Result = unknown> {
  started?(id: string, inputs: readonly Result[]): void;
  completed?(id: string, outcome: "done" | "cached" | "failed" | "cancelled", error?: unknown): void;
}

export interface SolveOptions<Result = unknown> {
  /** How many executions may run at once. */
  readonly jobs: number;
  readonly signal: AbortSignal;
  readonly observer?: SolverObserver<Result>;
}

/** Computes the result of vertex `root` and of everything that it needs; nothing else is touched. Independent vertices run at
 * the same time; of those that wait, the one with the longest chain of dependants starts first. The first failure cancels what runs and is thrown when
 * all of it has ended, so that nothing works on behind the caller's back.
 * @throws whatever an operation threw first, or the signal's reason */
export async function solve<Result>(
  vertices: ReadonlyMap<string, SolverVertex<Result>>,
  root: string,
  options: SolveOptions<Result>,
): Promise<Result> {
  return (await solveAll(vertices, [root], options))[0]!;
}

/** As `solve`, for several roots at once: what they share is done once.
 * @returns one result for each root */
export async function solveAll<Result>(
  vertices: ReadonlyMap<string, SolverVertex<Result>>,
  roots: readonly string[],
  options: SolveOptions<Result>,
): Promise<readonly Result[]> {
  return await new Run(vertices, options).solve(roots);
}

class Run<Result> {
  readonly #vertices: ReadonlyMap<string, SolverVertex<Result>>;
  readonly #observer: SolverObserver<Result>;
  readonly #slots: Semaphore;
  readonly #failure = new AbortController();
  readonly #signal: AbortSignal;
  readonly #results = new Map<string, Promise<Result>>();
  /** Length of the longest chain of dependants between a vertex and the root. */
  readonly #heights = new Map<string, number>();

  constructor(vertices: ReadonlyMap<string, SolverVertex<Result>>, options: SolveOptions<Result>) {
    this.#vertices = vertices;
    this.#observer = options.observer ?? {};
    this.#slots = new Semaphore(options.jobs);
    this.#signal = AbortSignal.any([options.signal, this.#failure.signal]);
  }

  async solve(roots: readonly string[]): Promise<readonly Result[]> {
    const order = inputsFirst(this.#vertices, roots);
    this.#measure(order);
    for (const id of order) this.#start(this.#vertices.get(id)!);
    const results = roots.map((root) => this.#results.get(root)!);
    await Promise.allSettled(this.#results.values());
    if (this.#failure.signal.aborted) throw this.#failure.signal.reason;
    return await Promise.all(results);
  }

  /** @param order inputs first */
  #measure(order: readonly string[]): void {
    for (const id of order.toReversed()) {
      const height = this.#heights.get(id) ?? 0;
      for (const input of this.#vertices.get(id)!.inputs)
        this.#heights.set(input, Math.max(this.#heights.get(input) ?? 0, height + 1));
    }
  }

  /** Its inputs have been started. */
  #start(vertex: SolverVertex<Result>): void {
    const inputs = vertex.inputs.map((input) => this.#results.get(input)!);
    this.#results.set(vertex.id, this.#compute(vertex, inputs));
  }

  async #compute(vertex: SolverVertex<Result>, started: readonly Promise<Result>[]): Promise<Result> {
    const inputs = await Promise.all(started);
    this.#signal.throwIfAborted();
    try {
      const recorded = vertex.ignoreCache ? undefined : await vertex.operation.findRecorded(inputs);
      if (recorded !== undefined) {
        this.#observer.completed?.(vertex.id, "cached");
        return recorded;
      }
      const priority = this.#heights.get(vertex.id);
      const turn: Turn = { signal: this.#signal, idle: (wait) => this.#slots.lend(wait, priority) };
      return await this.#slots.run(async () => {
        this.#signal.throwIfAborted();
        this.#observer.started?.(vertex.id, inputs);
        const result = await vertex.operation.execute(inputs, turn);
        this.#observer.completed?.(vertex.id, "done");
        return result;
      }, priority);
    } catch (error) {
      const isOwnFailure = !this.#signal.aborted;
      this.#observer.completed?.(vertex.id, isOwnFailure ? "failed" : "cancelled", error);
      if (isOwnFailure) this.#failure.abort(error);
      throw error;
    }
  }
}
