import type { Diagnostic } from "../errors/index.ts";
import type { BuildEvent, BuildSummary, VertexOutcome } from "./build-event.ts";
import { LogLines } from "./log-lines.ts";

export interface StatusItem {
  readonly item: string;
  readonly current: number;
  readonly total?: number;
  readonly unit: "bytes" | "count";
  readonly startedMs: number;
  readonly timeMs: number;
  readonly isDone: boolean;
}

/** What is known of one step so far. */
export interface VertexState {
  readonly id: string;
  name: string;
  inputs: readonly string[];
  startedMs: number | undefined;
  completedMs: number | undefined;
  outcome: VertexOutcome | undefined;
  error: string | undefined;
  reason: string | undefined;
  readonly log: LogLines;
  readonly statuses: Map<string, StatusItem>;
}

/** The events of a build folded into its present state; what a renderer that redraws needs. */
export class BuildState {
  readonly vertices = new Map<string, VertexState>();
  readonly warnings: Diagnostic[] = [];
  summary: BuildSummary | undefined;
  firstMs: number | undefined;

  apply(event: BuildEvent): void {
    if ("timeMs" in event) this.firstMs ??= event.timeMs;
    switch (event.kind) {
      case "vertex": {
        const vertex = this.vertex(event.id);
        vertex.name = event.name;
        vertex.inputs = event.inputs;
        return;
      }
      case "vertex-started":
        return applyStarted(this.vertex(event.id), event);
      case "vertex-completed":
        return applyCompleted(this.vertex(event.id), event);
      case "vertex-log":
        this.vertex(event.id).log.append(event.stream, event.text, event.timeMs);
        return;
      case "vertex-status":
        return applyStatus(this.vertex(event.id), event);
      case "warning":
        this.warnings.push(event.diagnostic);
        return;
      case "build-completed":
        this.summary = event.summary;
        return;
      case "note":
        return;
      default:
        event satisfies never;
    }
  }

  /** The step of that id; one that was never announced carries its id as name. */
  vertex(id: string): VertexState {
    const known = this.vertices.get(id);
    if (known) return known;
    const vertex: VertexState = {
      id,
      name: id.replace(/^internal:/, "[internal] "),
      inputs: [],
      startedMs: undefined,
      completedMs: undefined,
      outcome: undefined,
      error: undefined,
      reason: undefined,
      log: new LogLines(),
      statuses: new Map(),
    };
    this.vertices.set(id, vertex);
    return vertex;
  }

  failed(): VertexState[] {
    return [...this.vertices.values()].filter((vertex) => vertex.outcome === "failed");
  }
}

function applyStarted(vertex: VertexState, event: BuildEvent & { kind: "vertex-started" }): void {
  vertex.startedMs = event.timeMs;
  vertex.reason = event.reason ?? vertex.reason;
}

function applyCompleted(vertex: VertexState, event: BuildEvent & { kind: "vertex-completed" }): void {
  vertex.completedMs = event.timeMs;
  vertex.outcome = event.outcome;
  vertex.error = event.error;
  vertex.reason = event.reason ?? vertex.reason;
  vertex.log.flush();
}

function applyStatus(vertex: VertexState, event: BuildEvent & { kind: "vertex-status" }): void {
  const { item, current, total, unit, timeMs, isDone } = event;
  vertex.statuses.set(item, {
    item,
    current,
    ...(total === undefined ? {} : { total }),
    unit,
    startedMs: vertex.statuses.get(item)?.startedMs ?? timeMs,
    timeMs,
    isDone,
  });
}
