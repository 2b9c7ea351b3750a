import type { BuildPlan } from "../../build/index.ts";
import { printable } from "../../errors/index.ts";
import { formatSeconds } from "../../util/index.ts";
import { count } from "./prune-text.ts";
import { shortStepName } from "./step-name.ts";
import { formatTable } from "./table.ts";

type Step = BuildPlan["steps"][number];

export function runsSomething({ steps }: BuildPlan): boolean {
  return steps.some(({ outcome }) => outcome !== "cached");
}

/** A plan for people: one line for each step, then what it comes to. */
export function planText(plan: BuildPlan): string {
  const rows = plan.steps.map((step) => [
    shortStepName(step.vertex.metadata.description),
    ...outcomeCells(step),
  ]);
  const table = rows.length > 0 ? `${formatTable(["STEP", "PLAN", "LAST TIME", "WHY"], rows)}\n` : "";
  return `${table}${[...totals(plan), ...skipped(plan)].map((line) => `${printable(line)}\n`).join("")}`;
}

/** A plan for machines. Times are milliseconds. */
export function planJson({ target, stagesBuilt, stagesSkipped, steps }: BuildPlan): string {
  const json = {
    target,
    stagesBuilt,
    stagesSkipped,
    estimatedMs: estimatedMs(steps),
    steps: steps.map(({ vertex, outcome, reason, changes, lastDurationMs }) => ({
      name: vertex.metadata.description,
      stage: vertex.metadata.stage,
      outcome,
      reason,
      changes,
      lastDurationMs,
    })),
  };
  return `${JSON.stringify(json, undefined, 2)}\n`;
}

const outcomeNames = { cached: "cached", run: "run", depends: "may run" } as const;

function outcomeCells({ outcome, reason = "", lastDurationMs }: Step): string[] {
  if (outcome === "cached") return [outcomeNames.cached, "", ""];
  const time = lastDurationMs === undefined ? "" : formatSeconds(lastDurationMs);
  return [outcomeNames[outcome], time, reason];
}

function totals({ target, steps }: BuildPlan): string[] {
  const running = steps.filter(({ outcome }) => outcome !== "cached").length;
  if (running === 0) return [`${target}: nothing to do, ${count(steps.length, "step")} cached`];
  const isKnown = steps.every(
    ({ outcome, lastDurationMs }) => outcome === "cached" || lastDurationMs !== undefined,
  );
  const time = isKnown ? `, about ${formatSeconds(estimatedMs(steps))} one after the other` : "";
  return [`${target}: ${running} of ${count(steps.length, "step")} to run${time}`];
}

function skipped({ stagesSkipped }: BuildPlan): string[] {
  return stagesSkipped.length > 0 ? [`skipped: ${stagesSkipped.join(", ")}`] : [];
}

function estimatedMs(steps: readonly Step[]): number {
  const toRun = steps.filter(({ outcome }) => outcome !== "cached");
  return toRun.reduce((sum, { lastDurationMs = 0 }) => sum + lastDurationMs, 0);
}
