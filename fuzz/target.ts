import { CodedError } from "../src/errors/index.ts";
import type { Random } from "./random.ts";

/** What is fuzzed: makes an input and tries it. */
export interface FuzzTarget {
  /** The input of a seed, for people too. */
  readonly generate: (random: Random) => string | Buffer;
  /** @throws what a caller of the product could not expect */
  readonly attempt: (input: string | Buffer) => void | Promise<void>;
}

/** Does what may fail, but only with an error that Slipway throws on purpose. */
export async function allowRefusal(action: () => unknown): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (!(error instanceof CodedError) || error.message.includes("Internal error")) throw error;
  }
}
