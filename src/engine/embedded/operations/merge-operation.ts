import type { Operation } from "../../../solver/index.ts";
import { asStack, type Value } from "../environment.ts";

/** Stacks upon each other: nothing is done, read or recorded. */
export class MergeOperation implements Operation<Value> {
  findRecorded(inputs: readonly Value[]): Promise<Value> {
    const layers = inputs.flatMap((input) => asStack(input).layers);
    const ran = inputs.some((input) => input.kind === "stack" && input.ran);
    return Promise.resolve({ kind: "stack", stack: { layers }, ran });
  }

  async execute(inputs: readonly Value[]): Promise<Value> {
    return await this.findRecorded(inputs);
  }
}
