import { ownSignal, Semaphore } from "../util/index.ts";
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
  execute(inputs: readonly Result[], turn: Turn<Result>): Promise<Result>;
  /** Makes ready what it can while the execution of an input goes on, so that `execute` can follow at once. `inputs` are what they will
   * be if all goes well; they may become others, and `execute` may never be called. Returns false where there is nothing to make ready. */
  begin?(inputs: readonly Result[], signal: AbortSignal): boolean;
}

/** The time of an execution: one of `jobs` that run at once. */
export interface Turn<Result> {
  readonly signal: AbortSignal;
  /** Lets another vertex run while this one only waits. */
  idle<Value>(wait: () => Promise<Value>): Promise<Value>;
  /** Tells what the result will be if nothing fails from here on, so that a vertex that needs it can begin. */
  foresee(result: Result): void;
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
  readonly #done = new Map<string, Result>();
  /** Vertices that have begun, and have the slot of the one before them. */
  readonly #heirs = new Set<string>();
  #dependants: ReadonlyMap<string, readonly string[]> | undefined;

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
    try {
      const inputs = await Promise.all(started);
      this.#signal.throwIfAborted();
      const result = await this.#findOrExecute(vertex, inputs);
      this.#done.set(vertex.id, result);
      return result;
    } finally {
      if (this.#heirs.delete(vertex.id)) this.#slots.give(); // it had no use for it
    }
  }

  async #findOrExecute(vertex: SolverVertex<Result>, inputs: readonly Result[]): Promise<Result> {
    try {
      const recorded = vertex.ignoreCache ? undefined : await vertex.operation.findRecorded(inputs);
      if (recorded !== undefined) {
        this.#observer.completed?.(vertex.id, "cached");
        return recorded;
      }
      return await this.#execute(vertex, inputs);
    } catch (error) {
      const isOwnFailure = !this.#signal.aborted;
      this.#observer.completed?.(vertex.id, isOwnFailure ? "failed" : "cancelled", error);
      if (isOwnFailure) this.#failure.abort(error);
      throw error;
    }
  }

  async #execute(vertex: SolverVertex<Result>, inputs: readonly Result[]): Promise<Result> {
    const priority = this.#heights.get(vertex.id);
    if (!this.#heirs.delete(vertex.id)) await this.#slots.take(priority);
    let next: string | undefined;
    const turn: Turn<Result> = {
      signal: ownSignal(this.#signal),
      idle: (wait) => this.#slots.lend(wait, priority),
      foresee: (result) => {
        next ??= this.#beginNext(vertex.id, result);
      },
    };
    try {
      this.#signal.throwIfAborted();
      this.#observer.started?.(vertex.id, inputs);
      const result = await vertex.operation.execute(inputs, turn);
      this.#observer.completed?.(vertex.id, "done");
      if (next !== undefined) this.#heirs.add(next);
      return result;
    } finally {
      if (next === undefined || !this.#heirs.has(next)) this.#slots.give();
    }
  }

  /** Lets a vertex begin that only waits for the result of `id`, the one with the longest chain of dependants.
   * @returns which one has begun; it takes over the slot */
  #beginNext(id: string, result: Result): string | undefined {
    const inputOf = (input: string) => (input === id ? result : this.#done.get(input));
    const byHeight = (a: string, b: string) => (this.#heights.get(b) ?? 0) - (this.#heights.get(a) ?? 0);
    return this.#dependantsOf(id)
      .toSorted(byHeight)
      .find((dependant) => {
        const { inputs, operation, ignoreCache } = this.#vertices.get(dependant)!;
        const foreseen = inputs.map(inputOf);
        if (ignoreCache || !foreseen.every((input) => input !== undefined)) return false;
        return operation.begin?.(foreseen, ownSignal(this.#signal)) ?? false;
      });
  }

  #dependantsOf(id: string): readonly string[] {
    this.#dependants ??= dependants(this.#vertices, this.#results.keys());
    return this.#dependants.get(id) ?? [];
  }
}

/** @param ids those that take part */
function dependants(
  vertices: ReadonlyMap<string, { readonly inputs: readonly string[] }>,
  ids: Iterable<string>,
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const id of ids) {
    for (const input of new Set(vertices.get(id)!.inputs)) {
      const known = found.get(input);
      if (known) known.push(id);
      else found.set(input, [id]);
    }
  }
  return found;
}
