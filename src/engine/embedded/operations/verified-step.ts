import { newLayerId } from "../../../content/index.ts";
import type { Vertex } from "../../../llb/index.ts";
import type { Operation, Turn } from "../../../solver/index.ts";
import { toText } from "../../../tree/index.ts";
import type { LayerId } from "../../../worker/index.ts";
import { asStack, type Value } from "../environment.ts";
import type { SolveEnvironment } from "../step-context.ts";

/** A step whose recorded result can be checked. */
export interface Step extends Operation<Value> {
  /** Does the work as layer `layer` and records nothing. */
  make(inputs: readonly Value[], layer: LayerId, signal: AbortSignal): Promise<unknown>;
}

/** A step of `--verify`: what was recorded is its result, but only after the work was done again and compared with it. */
export class VerifiedStep implements Operation<Value> {
  readonly #environment: SolveEnvironment;
  readonly #vertex: Vertex;
  readonly #step: Step;
  #recorded: Value | undefined;

  constructor(environment: SolveEnvironment, vertex: Vertex, step: Step) {
    this.#environment = environment;
    this.#vertex = vertex;
    this.#step = step;
  }

  /** Nothing, so that the solver gives the work its turn. */
  async findRecorded(inputs: readonly Value[]): Promise<undefined> {
    this.#recorded = await this.#step.findRecorded(inputs);
  }

  async execute(inputs: readonly Value[], turn: Turn<Value>): Promise<Value> {
    const recorded = this.#recorded;
    if (recorded === undefined) return await this.#step.execute(inputs, turn);
    await this.#verify(inputs, recorded, turn.signal);
    return recorded;
  }

  async #verify(inputs: readonly Value[], recorded: Value, signal: AbortSignal): Promise<void> {
    const { directories, verified } = this.#environment;
    const worker = await this.#environment.worker();
    const made = newLayerId();
    try {
      await this.#step.make(inputs, made, signal);
      const [top] = await directories.ensure({ layers: asStack(recorded).layers.slice(-1) });
      const { difference } = await worker.compareLayers({ recorded: top!, made });
      const { description: step } = this.#vertex.metadata;
      verified?.set(this.#vertex.digest, {
        step,
        ...(difference && { difference: { ...difference, path: toText(difference.path) } }),
      });
    } finally {
      await worker.remove({ layers: [made], paths: [] });
    }
  }
}
