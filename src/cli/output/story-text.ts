import { printable } from "../../errors/index.ts";
import type { BuildStory, StepStory } from "../../build/index.ts";
import { formatSeconds } from "../../util/index.ts";
import { shortStepName } from "./step-name.ts";
import { formatTable } from "./table.ts";
import { timeAgo } from "./time-ago.ts";

/** Steps whose name holds `text`, in any case. */
export function matchingSteps(story: BuildStory, text: string): readonly StepStory[] {
  const wanted = text.toLowerCase();
  return story.steps.filter(({ name }) => name.toLowerCase().includes(wanted));
}

/** A build's story for people: one line for each step. */
export function storyText(story: BuildStory, options: { isDetailed: boolean; nowMs?: number }): string {
  const rows = story.steps.map((step) => [shortStepName(step.name), ...outcomeCells(step)]);
  const skipped = story.stagesSkipped.length > 0 ? [`Skipped stages: ${story.stagesSkipped.join(", ")}`] : [];
  const lines = [headline(story, options.nowMs ?? Date.now()), ...skipped].map(printable);
  const details = options.isDetailed ? story.steps.flatMap(detailLines) : [];
  const table = formatTable(["STEP", "OUTCOME", "TIME", "WHY"], rows);
  return `${lines.join("\n")}\n\n${table}${details.map((line) => `${line}\n`).join("")}`;
}

function headline(
  { target, dockerfile, contextDir, outcome, startedAtMs, durationMs }: BuildStory,
  nowMs: number,
): string {
  const what = target === undefined ? dockerfile : `${target} of ${dockerfile}`;
  const where = contextDir === undefined ? "" : ` in ${contextDir}`;
  const ago = timeAgo(startedAtMs + durationMs, nowMs);
  const inSentence = ago.charAt(0).toLowerCase() + ago.slice(1);
  return `${what}${where}: ${outcome} in ${formatSeconds(durationMs)}, ${inSentence}`;
}

function outcomeCells({ outcome, durationMs, reason = "" }: StepStory): string[] {
  if (outcome === "cached") return ["cached", "", ""];
  if (outcome === "waiting") return ["not reached", "", ""];
  return [outcome === "done" ? "ran" : outcome, formatSeconds(durationMs), reason];
}

function detailLines({ name, changes = [] }: StepStory): string[] {
  if (changes.length === 0) return [];
  const lines = changes.map(({ part, before, after }) => [
    `  ${part}`,
    ...(before === undefined ? [] : [`    - ${before}`]),
    ...(after === undefined ? [] : [`    + ${after}`]),
  ]);
  return ["", name, ...lines.flat()].map((line) => printable(line).replaceAll("\n", "\\n"));
}
