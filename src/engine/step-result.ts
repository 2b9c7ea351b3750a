import type { CacheMountName } from "../content/index.ts";
import type { Descriptor, DiffID } from "../oci/index.ts";
import type { Stack, StackLayer } from "./stack.ts";

/** What a step of a solve made or found, with every key it was found or recorded by. */
export interface StepResult {
  /** 64 hexadecimal digits each; equal on every machine. */
  readonly keys: readonly string[];
  readonly layer: StackLayer;
  /** How long it took when it ran. */
  readonly durationMs: number;
  /** Stacks that making it reads, its base first: on another machine their files would have to be there. */
  readonly inputs: readonly Stack[];
  /** It only copied local files: a machine that has them makes it sooner than it fetches it. */
  readonly isCheap: boolean;
}

/** A result of another machine: a layer that is known by its blob. */
export interface RemoteResult {
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

/** What a cache mount held on another machine. */
export interface RemoteMount extends CacheMountName {
  readonly diffID: DiffID;
  readonly blob: Descriptor;
  /** As of `RemoteResult`. */
  readonly reference: string;
  /** Of its directory. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** Results from elsewhere, asked for where the store has none. */
export interface ResultSource {
  find(key: string): Promise<RemoteResult | undefined>;
  /** Undefined where the caller did not ask for cache mounts too. */
  readonly mounts?: RemoteMounts;
}

export interface RemoteMounts {
  /** A cache mount that holds more is not restored. */
  readonly limitBytes: number;
  list(): Promise<readonly RemoteMount[]>;
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
