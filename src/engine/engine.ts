import type { CacheMountName } from "../content/index.ts";
import type { Definition, Vertex, VertexDigest } from "../llb/index.ts";
import type { PartChange } from "../progress/index.ts";
import type { Session } from "../session/index.ts";
import type { Stack } from "./stack.ts";
import type { StepResult, VerifiedResult } from "./step-result.ts";

/** Runs build graphs. The embedded engine runs them here. */
export interface Engine extends AsyncDisposable {
  /** Computes the roots of definitions, of which equal vertices are one, and reports every step as events. What was done is kept
   * in the store, so that the next solve finds it.
   * @throws the first failure of a step, after everything that ran has ended */
  solve(definitions: readonly Definition[], request: SolveRequest): Promise<SolveResult>;
  /** What `solve` would do, without doing it: nothing is run, fetched or written.
   * @returns one entry for each vertex of the graphs, inputs first */
  plan(definitions: readonly Definition[], request: SolveRequest): Promise<readonly StepPlan[]>;
}

export interface SolveRequest {
  readonly session: Session;
  /** Names the build between runs, so that a step can be compared with its last run. */
  readonly project: string;
  readonly jobs: number;
  /** Do the work of recorded results again and compare; the recorded ones are taken all the same. */
  readonly verify?: boolean;
  readonly signal: AbortSignal;
}

export interface StepPlan {
  readonly vertex: Vertex;
  /** `depends`: an input would run first, and only its result decides. */
  readonly outcome: "cached" | "run" | "depends";
  /** Why it would run. */
  readonly reason?: string;
  readonly changes?: readonly PartChange[];
  /** How long its last run took; absent when it never ran. */
  readonly lastDurationMs?: number;
}

export interface SolveResult {
  /** One for each definition. */
  readonly stacks: readonly Stack[];
  readonly run: readonly VertexDigest[];
  readonly cached: readonly VertexDigest[];
  /** What its steps made or found, for other machines. */
  readonly results: readonly StepResult[];
  /** Cache mounts that its steps name, each once. */
  readonly cacheMounts: readonly Pick<CacheMountName, "namespace" | "id">[];
  /** What gives the secrets of its steps away, in base64: nothing that holds it may go to other machines. */
  readonly secretPatterns: readonly string[];
  /** Those of `verify`. */
  readonly verified: readonly VerifiedResult[];
}
