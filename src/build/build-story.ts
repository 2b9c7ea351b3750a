import type { BuildEvent, BuildSummary, EmitEvent, PartChange, VertexOutcome } from "../progress/index.ts";

/** What one build did and why, kept for `slipway why`. */
export interface BuildStory {
  /** Absolute; absent for a build without a directory. */
  readonly contextDir?: string;
  /** As the user knows it. */
  readonly dockerfile: string;
  /** Absent when the build failed before its target was known. */
  readonly target?: string;
  readonly startedAtMs: number;
  readonly durationMs: number;
  readonly outcome: BuildSummary["outcome"];
  readonly stagesBuilt: readonly string[];
  readonly stagesSkipped: readonly string[];
  /** In the order of the graph: inputs first. */
  readonly steps: readonly StepStory[];
}

export interface StepStory {
  /** `[builder 3/4] RUN go build`. */
  readonly name: string;
  readonly stage?: string;
  /** `waiting`: an earlier failure ended the build before the step's turn. */
  readonly outcome: VertexOutcome | "waiting";
  readonly durationMs: number;
  /** Why it ran; absent when it did not. */
  readonly reason?: string;
  readonly changes?: readonly PartChange[];
}

type Step = { -readonly [Key in keyof StepStory]: StepStory[Key] } & { startedAtMs?: number };

/** Listens to the events of a build and tells its story afterwards. */
export class StoryTeller {
  readonly #startedAtMs = Date.now();
  readonly #steps = new Map<string, Step>();
  #summary: BuildSummary | undefined;

  /** Passes events on to `emit` and remembers what the story needs. */
  listen(emit: EmitEvent): EmitEvent {
    return (event) => {
      this.#note(event);
      emit(event);
    };
  }

  /** @param outcome of the build, when no summary was emitted */
  tell(build: Pick<BuildStory, "contextDir" | "dockerfile">, outcome: "failed" | "cancelled"): BuildStory {
    const summary = this.#summary;
    return {
      ...build,
      ...(summary && { target: summary.target }),
      startedAtMs: this.#startedAtMs,
      durationMs: Date.now() - this.#startedAtMs,
      outcome: summary?.outcome ?? outcome,
      stagesBuilt: summary?.stagesBuilt ?? [],
      stagesSkipped: summary?.stagesSkipped ?? [],
      steps: [...this.#steps.values()].map(({ startedAtMs: _startedAtMs, ...step }) => step),
    };
  }

  #note(event: BuildEvent): void {
    if (event.kind === "build-completed") this.#summary = event.summary;
    if (event.kind === "vertex" && !event.name.startsWith("[internal]")) {
      const { name, stage } = event;
      this.#steps.set(event.id, { name, ...(stage && { stage }), outcome: "waiting", durationMs: 0 });
    }
    if (event.kind !== "vertex-started" && event.kind !== "vertex-completed") return;
    const step = this.#steps.get(event.id);
    if (!step) return;
    if (event.reason !== undefined) step.reason = event.reason;
    if (event.changes !== undefined) step.changes = event.changes;
    if (event.kind === "vertex-started") step.startedAtMs = event.timeMs;
    else {
      step.outcome = event.outcome;
      step.durationMs = event.timeMs - (step.startedAtMs ?? event.timeMs);
    }
  }
}
