import type { Definition, VertexDigest } from "../llb/index.ts";
import type { Session } from "../session/index.ts";
import type { Stack } from "./stack.ts";

/** Runs build graphs. The embedded engine runs them here. */
export interface Engine extends AsyncDisposable {
  /** Computes the root of a definition and reports every step as events. What was done is kept in the store, so that the next
   * solve finds it.
   * @throws the first failure of a step, after everything that ran has ended */
  solve(definition: Definition, request: SolveRequest): Promise<SolveResult>;
}

export interface SolveRequest {
  readonly session: Session;
  /** Names the build between runs, so that a step can be compared with its last run. */
  readonly project: string;
  readonly jobs: number;
  readonly signal: AbortSignal;
}

export interface SolveResult {
  readonly stack: Stack;
  readonly run: readonly VertexDigest[];
  readonly cached: readonly VertexDigest[];
}
