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
    const causes = {
      reason: reasons.get(id),
      parentRuns: standsOn(vertex).some((input) => plans.get(input)?.outcome === "run"),
      toFetch: vertex.inputs.filter((input) => isToFetch(plans.get(input))),
    };
    const { outcome, reason } = decide(planned, causes);
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

/** A file or repository of the network that is not as it was, or was never fetched. */
function isToFetch(plan: StepPlan | undefined): boolean {
  return plan?.vertex.op.kind === "source" && plan.outcome === "run";
}

interface Causes {
  readonly reason: MissReason | undefined;
  readonly parentRuns: boolean;
  readonly toFetch: readonly VertexDigest[];
}

/** What stands on a step that runs will run; what only reads from one may find its files unchanged. */
function decide(
  planned: PlannedOutcome,
  { reason, parentRuns, toFetch }: Causes,
): { outcome: PlannedOutcome; reason?: MissReason | undefined } {
  if (planned === "cached") return { outcome: planned };
  if (planned === "run") return { outcome: planned, reason };
  if (parentRuns) return { outcome: "run", reason: { text: "parent runs", changes: [] } };
  const text = toFetch.length > 0 ? "its source changed or was never fetched" : "reads from a step that runs";
  return { outcome: "depends", reason: { text, changes: [] } };
}
