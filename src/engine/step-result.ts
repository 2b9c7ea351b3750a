import type { Descriptor, DiffID } from "../oci/index.ts";
import type { StackLayer } from "./stack.ts";

/** What a step of a solve made or found, with every key it was found or recorded by. */
export interface StepResult {
  /** 64 hexadecimal digits each; equal on every machine. */
  readonly keys: readonly string[];
  readonly layer: StackLayer;
  /** How long it took when it ran. */
  readonly durationMs: number;
  /** It only copied local files: a machine that has them makes it sooner than it fetches it. */
  readonly isCheap: boolean;
}

/** A result of another machine: a layer that is known by its blob. */
export interface RemoteResult {
  /** Every key that it can be found by. */
  readonly keys: readonly string[];
  readonly identity: string;
  readonly createdAtMs: number;
  readonly durationMs: number;
  /** Name of the step, for people. */
  readonly step: string;
  readonly diffID: DiffID;
  readonly blob: Descriptor;
  /** What `fetchBlob` of the engine's options is asked with when the layer is needed. */
  readonly reference: string;
}

/** Results from elsewhere, asked for where the store has none. */
export interface ResultSource {
  find(key: string): Promise<RemoteResult | undefined>;
}

/** A recorded result that was compared with the same work done again. */
export interface VerifiedResult {
  /** Name of the step, for people. */
  readonly step: string;
  /** Absent when both are the same. */
  readonly difference?: {
    readonly path: string;
    /** `content`, `mode 0644→0755`, `only in the new layer`. */
    readonly what: string;
  };
}
