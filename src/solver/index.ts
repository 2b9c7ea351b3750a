export { type PlannedOutcome, planSolve } from "./plan-solve.ts";
export {
  type Operation,
  type SolveOptions,
  solve,
  solveAll,
  type SolverObserver,
  type SolverVertex,
  type Turn,
} from "./solver.ts";
