import type { ScannedPart } from "../dockerfile/index.ts";
import type { SolveResult, Stack } from "../engine/index.ts";
import type { ContextSource } from "../worker/index.ts";
import type { BuildOptions } from "./options.ts";
import type { PlatformPlan } from "./platform-plan.ts";
import type { PreparedBuild } from "./prepare-build.ts";
import type { StepEngine } from "./step-engine.ts";

/** A stage or a context whose packages are to be listed too. */
export interface ScannedTree {
  /** Of the stage, or `context`. */
  readonly name: string;
  readonly tree: Stack | ContextSource;
}

/** What solving the plans gives, one stack for each, with the trees beside them that an asked SBOM covers. */
export interface SolvedPlans extends SolveResult {
  readonly scanned: ReadonlyMap<PlatformPlan, readonly ScannedTree[]>;
}

/** Solves the graphs of all platforms together.
 * @throws what `Engine.solve` throws */
export async function solvePlans(
  { plans, steps, request }: PreparedBuild,
  { attestations }: Pick<BuildOptions, "attestations">,
): Promise<SolvedPlans> {
  const parts = plans.map(({ scannedParts }) => (attestations?.sbom ? scannedParts : []));
  const solvedParts = parts.flat().filter((part) => localContextOf(part) === undefined);
  const definitions = [...plans, ...solvedParts].map(({ definition }) => definition);
  const { stacks, ...rest } = await steps.engine.solve(definitions, request);
  const stackOf = new Map(solvedParts.map((part, index) => [part, stacks[plans.length + index]!]));
  const scanned = plans.map(async (plan, index) => {
    const trees = parts[index]!.map(async (part): Promise<ScannedTree> => {
      return { name: part.name, tree: stackOf.get(part) ?? (await openLocalContext(part, steps)) };
    });
    return [plan, await Promise.all(trees)] as const;
  });
  return { ...rest, stacks: stacks.slice(0, plans.length), scanned: new Map(await Promise.all(scanned)) };
}

/** The source of a part that is a directory of this machine. */
function localContextOf({ definition: { root, vertices } }: ScannedPart) {
  const op = root && vertices.get(root)?.op;
  return op?.kind === "source" && op.identifier.startsWith("local://") ? op : undefined;
}

async function openLocalContext(part: ScannedPart, steps: StepEngine): Promise<ContextSource> {
  const { identifier, excludePatterns = [] } = localContextOf(part)!;
  return (await steps.openContext(identifier.slice("local://".length), excludePatterns)).source;
}
