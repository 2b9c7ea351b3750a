import type { KeyParts } from "./key-parts.ts";

/** The reason of a step without a past; not worth telling. */
export const firstBuild = "first build";

/** One line that says why a step runs, from the first part that differs from the step's last run. */
export function missReason(last: KeyParts | undefined, parts: KeyParts, parentRan: boolean): string {
  if (!last) return firstBuild;
  const names = new Set([...Object.keys(parts), ...Object.keys(last)]);
  const changed = [...names].filter((name) => parts[name] !== last[name]).sort(byWeight);
  const [first] = changed;
  if (first === undefined) return "its result was pruned";
  return describe(first, last[first], parts[first], parentRan);
}

/** The nearest cause first: an edited instruction or argument explains more than a parent that ran because of it. */
function byWeight(a: string, b: string): number {
  return weight(a) - weight(b);
}

function weight(name: string): number {
  if (name === "base") return 3;
  if (name.startsWith("source ") || name.startsWith("mount ")) return 2;
  return name.startsWith("env ") ? 1 : 0;
}

function describe(
  name: string,
  before: string | undefined,
  after: string | undefined,
  parentRan: boolean,
): string {
  if (name === "base") return parentRan ? "parent ran" : "parent changed";
  if (name.startsWith("env ")) return `${name.slice(4)}: ${quote(before)} → ${quote(after)}`;
  if (name.startsWith("source ")) return "files to copy changed";
  if (name.startsWith("mount ")) return `content of ${name} changed`;
  if (name === "command" || name.startsWith("action ")) return "instruction changed";
  return `${name} changed`;
}

function quote(value: string | undefined): string {
  if (value === undefined) return "unset";
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…"` : text;
}
