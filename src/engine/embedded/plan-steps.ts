import type { Vertex, VertexDigest } from "../../llb/index.ts";
import type { PlannedOutcome } from "../../solver/index.ts";
import type { StepPlan } from "../engine.ts";
import { stepSlots } from "./key-parts.ts";
import type { MissReason } from "./miss-reason.ts";
import { baseOf, type SolveEnvironment } from "./step-context.ts";

/** Names the outcomes of a planned solve and says why.
 * @param outcomes inputs first */
export function planSteps(
  environment: SolveEnvironment,
  outcomes: ReadonlyMap<string, PlannedOutcome>,
): readonly StepPlan[] {
  const { definition, project, records, reasons } = environment;
  const plans = new Map<string, StepPlan>();
  for (const [id, planned] of outcomes) {
    const vertex = definition.vertices.get(id as VertexDigest)!;
    const below = standsOn(vertex).map((input) => plans.get(input));
    const parentRuns = below.some((plan) => plan?.outcome === "run");
    const { outcome, reason } = decide(planned, parentRuns, reasons.get(id));
    const last = outcome === "cached" ? undefined : records.last(stepSlots(project, vertex));
    plans.set(id, {
      vertex,
      outcome,
      ...(reason && { reason: reason.text, changes: reason.changes }),
      ...(last && { lastDurationMs: last.durationMs }),
    });
  }
  return [...plans.values()];
}

function standsOn(vertex: Vertex): readonly VertexDigest[] {
  const base = baseOf(vertex);
  return vertex.op.kind === "merge" ? vertex.inputs : base === undefined ? [] : [base];
}

/** What stands on a step that runs will run; what only reads from one may find its files unchanged. */
function decide(
  planned: PlannedOutcome,
  parentRuns: boolean,
  reason: MissReason | undefined,
): { outcome: PlannedOutcome; reason?: MissReason | undefined } {
  if (planned === "cached") return { outcome: planned };
  if (planned === "run") return { outcome: planned, reason };
  return parentRuns
    ? { outcome: "run", reason: { text: "parent runs", changes: [] } }
    : { outcome: "depends", reason: { text: "reads from a step that runs", changes: [] } };
}
