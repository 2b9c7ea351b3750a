import type { StageGraph } from "../../stages/index.ts";
import type { Finding } from "../finding.ts";
import type { LintOptions } from "../lint-input.ts";
import { checkArgs } from "./arg-not-redeclared.ts";
import { checkBuildTools } from "./build-tools-shipped.ts";
import { checkCopyOrder } from "./copy-before-install.ts";
import { checkRootCopies } from "./copy-whole-root.ts";
import { checkUser } from "./root-user-shipped.ts";
import { shippedStages } from "./shipped-stages.ts";
import { checkReachability } from "./unreachable-stage.ts";

/** Slipway's own checks: those that know the target, and which stages become part of it. */
export function* checkTarget(graph: StageGraph, options: LintOptions): Generator<Finding> {
  const shipped = shippedStages(graph);
  yield* checkReachability(graph);
  yield* checkRootCopies(graph, shipped);
  yield* checkBuildTools(graph, { options, shipped });
  yield* checkUser(graph, { options, shipped });
  yield* checkCopyOrder(graph, options);
  yield* checkArgs(graph, options);
}
