import type { Diagnostic } from "../errors/index.ts";

/** Everything that a build tells while it runs. Renderers are the only printers; times are Unix milliseconds. */
export type BuildEvent =
  /** A step is known; steps arrive in graph order, before any of them starts. `id` is a vertex digest, or `internal:<name>`
   * for work that is no step ("load build definition"). */
  | {
      readonly kind: "vertex";
      readonly id: string;
      readonly name: string;
      readonly stage?: string;
      readonly inputs: readonly string[];
    }
  /** `reason` says why no recorded result was taken, `changes` which parts of the step's key differ from its last run, the nearest
   * cause first. */
  | {
      readonly kind: "vertex-started";
      readonly id: string;
      readonly timeMs: number;
      readonly reason?: string;
      readonly changes?: readonly PartChange[];
    }
  | {
      readonly kind: "vertex-completed";
      readonly id: string;
      readonly timeMs: number;
      readonly outcome: VertexOutcome;
      readonly error?: string;
      readonly reason?: string;
      readonly changes?: readonly PartChange[];
    }
  /** Output of a process: stream 1 or 2, text in pieces as it came. */
  | {
      readonly kind: "vertex-log";
      readonly id: string;
      readonly timeMs: number;
      readonly stream: 1 | 2;
      readonly text: string;
    }
  /** Progress of one part of a step, e.g. a layer being downloaded. */
  | {
      readonly kind: "vertex-status";
      readonly id: string;
      readonly timeMs: number;
      readonly item: string;
      readonly current: number;
      readonly total?: number;
      readonly unit: "bytes" | "count";
      readonly isDone: boolean;
    }
  | { readonly kind: "warning"; readonly diagnostic: Diagnostic }
  /** A line for people that belongs to no step, e.g. the run mode that was chosen. */
  | { readonly kind: "note"; readonly text: string }
  | { readonly kind: "build-completed"; readonly timeMs: number; readonly summary: BuildSummary };

/** A part of a step's key that differs from the step's last run; absent = there was none. */
export interface PartChange {
  readonly part: string;
  readonly before?: string;
  readonly after?: string;
}

export type VertexOutcome = "done" | "cached" | "failed" | "cancelled";

export interface BuildSummary {
  readonly target: string;
  readonly outcome: "done" | "failed" | "cancelled";
  readonly durationMs: number;
  readonly stepsRun: number;
  readonly stepsCached: number;
  readonly stagesBuilt: readonly string[];
  readonly stagesSkipped: readonly string[];
  /** Names under which the image was stored. */
  readonly names: readonly string[];
  /** What was written where, e.g. `docker archive out.tar (12.3MB)`. */
  readonly outputs: readonly string[];
}

export type EmitEvent = (event: BuildEvent) => void;
