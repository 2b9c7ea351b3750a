import type { Healthcheck } from "./project.ts";
import { asBoolean, asText, fieldsOf } from "./read-nodes.ts";
import { errorAt, type YamlNode } from "./yaml-tree.ts";

const durations = {
  interval: "intervalMs",
  timeout: "timeoutMs",
  start_period: "startPeriodMs",
  start_interval: "startIntervalMs",
} as const;

/** Reads a service's `healthcheck`.
 * @throws {ComposeError} */
export function readHealthcheck(node: YamlNode, where: string): Healthcheck {
  const supported = ["test", "disable", "retries", ...Object.keys(durations)];
  const fields = fieldsOf(node, { where, supported, unsupported: [] });
  const disable = fields.get("disable");
  if (disable && asBoolean(disable, `${where}.disable`)) return { test: ["NONE"] };
  const [test, retries] = [fields.get("test"), fields.get("retries")];
  const times = Object.entries(durations).flatMap(([key, name]) => {
    const value = fields.get(key);
    return value ? [[name, asDurationMs(value, `${where}.${key}`)] as const] : [];
  });
  return {
    ...(test && { test: asTest(test, `${where}.test`) }),
    ...Object.fromEntries(times),
    ...(retries && { retries: asCount(retries, `${where}.retries`) }),
  };
}

function asTest(node: YamlNode, where: string): readonly string[] {
  if (node.kind !== "sequence") return ["CMD-SHELL", asText(node, where)];
  const words = node.items.map((item) => asText(item, `an item of ${where}`));
  const isKnown = ["NONE", "CMD", "CMD-SHELL"].includes(words[0] ?? "");
  if (!isKnown || (words[0] !== "NONE" && words.length === 1))
    throw errorAt(node.place, `${where} must be NONE, or CMD or CMD-SHELL and a command`);
  return words;
}

const unitsMs: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

function asDurationMs(node: YamlNode, where: string): number {
  const text = asText(node, where);
  if (!/^(?:\d+(?:\.\d+)?(?:us|ms|s|m|h|d))+$/.test(text) && text !== "0")
    throw errorAt(node.place, `${where}: "${text}" is no duration like 10s or 1m30s`);
  const parts = [...text.matchAll(/([\d.]+)([a-z]+)/g)];
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * unitsMs[unit!]!, 0);
}

function asCount(node: YamlNode, where: string): number {
  const text = asText(node, where);
  if (!/^\d+$/.test(text)) throw errorAt(node.place, `${where} must be a whole number, not "${text}"`);
  return Number(text);
}
