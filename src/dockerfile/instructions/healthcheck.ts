import { quoteGo } from "../go-text.ts";
import type { SyntaxNode } from "../parser/syntax-tree.ts";
import { parseFlags } from "./flags.ts";
import { parseGoDuration } from "./go-duration.ts";
import type { Flag, HealthcheckInstruction } from "./instruction.ts";
import { instructionError } from "./instruction-error.ts";

const minIntervalNs = 1_000_000;

/** The check that HEALTHCHECK sets: its type, its command and its times. */
export function parseHealthcheck(
  node: SyntaxNode,
  flags: readonly Flag[],
): HealthcheckInstruction["healthcheck"] {
  const [type, ...args] = node.words.map((word) => word.text);
  if (type === undefined) throw instructionError("HEALTHCHECK requires at least one argument");
  const unset = { interval: 0, timeout: 0, startPeriod: 0, startInterval: 0, retries: 0 };
  if (type.toUpperCase() === "NONE") {
    if (args.length > 0) throw instructionError("HEALTHCHECK NONE takes no arguments");
    return { test: ["NONE"], ...unset };
  }
  const values = parseFlags(flags, {
    interval: "string",
    timeout: "string",
    "start-period": "string",
    "start-interval": "string",
    retries: "string",
  });
  if (type.toUpperCase() !== "CMD")
    throw instructionError(`Unknown type ${quoteGo(type.toUpperCase())} in HEALTHCHECK (try CMD)`);
  if (args.length === 0) throw instructionError("Missing command after HEALTHCHECK CMD");
  return {
    test: [node.form === "json" ? "CMD" : "CMD-SHELL", ...args],
    interval: parseInterval("interval", values.interval),
    timeout: parseInterval("timeout", values.timeout),
    startPeriod: parseInterval("start-period", values["start-period"]),
    startInterval: parseInterval("start-interval", values["start-interval"]),
    retries: parseRetries(values.retries),
  };
}

function parseInterval(name: string, text = ""): number {
  if (text === "") return 0;
  const duration = parseGoDuration(text);
  if (duration !== 0 && duration < minIntervalNs)
    throw instructionError(`Interval ${quoteGo(name)} cannot be less than 1ms`);
  return duration;
}

function parseRetries(text = ""): number {
  if (text === "") return 0;
  const parsing = `strconv.ParseInt: parsing ${quoteGo(text)}`;
  if (!/^[-+]?\d+$/.test(text)) throw instructionError(`${parsing}: invalid syntax`);
  const retries = Number(text);
  if (retries > 2 ** 31 - 1 || retries < -(2 ** 31)) throw instructionError(`${parsing}: value out of range`);
  if (retries < 0) throw instructionError(`--retries cannot be negative (${retries})`);
  return retries;
}
