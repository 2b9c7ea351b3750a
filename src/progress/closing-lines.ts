import { formatSeconds } from "../util/index.ts";
import type { BuildSummary } from "./build-event.ts";
import type { BuildState, VertexState } from "./build-state.ts";
import { sanitizeLine } from "./terminal-text.ts";

/** What is said when a build has ended: logs of failed steps, warnings, the summary. Every renderer for people ends with it. */
export function closingLines(state: BuildState, options: { readonly keepColours: boolean }): string[] {
  return [
    ...state.failed().flatMap((vertex) => failedLog(vertex, options)),
    ...warningLines(state),
    ...(state.summary?.outcome === "done" ? summaryLines(state.summary) : []),
  ];
}

/** The whole log of a failed step, framed as BuildKit's clients frame it. */
function failedLog(vertex: VertexState, options: { readonly keepColours: boolean }): string[] {
  if (vertex.log.lines.length === 0) return [];
  const start = vertex.startedMs ?? 0;
  return [
    "------",
    ` > ${sanitizeLine(vertex.name, { keepColours: false })}:`,
    ...(vertex.log.isClipped ? ["[earlier output left out]"] : []),
    ...vertex.log.lines.map((line) => `${logTime(line.timeMs - start)} ${sanitizeLine(line.text, options)}`),
    "------",
  ];
}

function warningLines(state: BuildState): string[] {
  const count = state.warnings.length;
  if (count === 0) return [];
  const items = state.warnings
    .slice(0, maxWarnings)
    .map(({ rule, message, location }) =>
      sanitizeLine(` - ${rule}: ${message} (line ${location.range.startLine})`, { keepColours: false }),
    );
  const rest = count > maxWarnings ? [` ... ${count - maxWarnings} more`] : [];
  return ["", ` ${count} warning${count === 1 ? "" : "s"} found:`, ...items, ...rest];
}

/** Nobody reads more; a file of an attacker can have a hundred times as many. */
const maxWarnings = 500;

/** Target, stages, names and outputs of a build that succeeded. */
function summaryLines(summary: BuildSummary): string[] {
  const { target, durationMs, stepsRun, stepsCached } = summary;
  const head =
    stepsRun === 0
      ? `Target ${target} is up to date: ${steps(stepsCached)} cached, ${formatSeconds(durationMs)}`
      : `Built target ${target}: ${steps(stepsRun)} run, ${stepsCached} cached, ${formatSeconds(durationMs)}`;
  return [
    "",
    head,
    ...labelled("built", summary.stagesBuilt),
    ...labelled("skipped", summary.stagesSkipped),
    ...labelled("image", summary.names),
    ...labelled("wrote", summary.outputs),
  ].map((line) => sanitizeLine(line, { keepColours: false }));
}

function labelled(label: string, values: readonly string[]): string[] {
  return values.length === 0 ? [] : [`${label}: ${values.join(", ")}`];
}

function steps(count: number): string {
  return `${count} step${count === 1 ? "" : "s"}`;
}

/** Seconds since the step began, with four significant digits but never more than three decimals: `0.123`, `10.53`, `123.4`. */
export function logTime(offsetMs: number): string {
  const seconds = Math.max(0, offsetMs) / 1000;
  return seconds.toFixed(seconds < 10 ? 3 : seconds < 100 ? 2 : 1);
}
