import { inputsFirst } from "./inputs-first.ts";
import type { SolverVertex } from "./solver.ts";

/** What `solve` would do with a vertex: take its recorded result, execute it, or, because an input would be executed first, decide
 * only then. */
export type PlannedOutcome = "cached" | "run" | "depends";

/** What `solve` would do with the vertices `roots` and everything they need. Executes nothing: only recorded results are asked for, and
 * only where all inputs have one.
 * @returns outcomes by vertex id, inputs first
 * @throws whatever `findRecorded` throws first */
export async function planSolve<Result>(
  vertices: ReadonlyMap<string, SolverVertex<Result>>,
  ...roots: readonly string[]
): Promise<ReadonlyMap<string, PlannedOutcome>> {
  const outcomes = new Map<string, PlannedOutcome>();
  const results = new Map<string, Result>();
  for (const id of inputsFirst(vertices, roots)) {
    const vertex = vertices.get(id)!;
    const inputs = vertex.inputs.map((input) => results.get(input));
    if (!inputs.every((input) => input !== undefined)) {
      outcomes.set(id, "depends");
      continue;
    }
    const recorded = vertex.ignoreCache ? undefined : await vertex.operation.findRecorded(inputs);
    outcomes.set(id, recorded === undefined ? "run" : "cached");
    if (recorded !== undefined) results.set(id, recorded);
  }
  return outcomes;
}
