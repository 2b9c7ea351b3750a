import type { ContainerConfig } from "../../oci/index.ts";

/** One setting of a container that two images have otherwise; absent = it is not set. */
export interface ConfigDifference {
  /** `Env PATH`, `Entrypoint`, `User`, … */
  readonly setting: string;
  readonly before?: string;
  readonly after?: string;
}

/** What differs between the configs of two images: one entry for each variable, label, port and volume, and for each other setting. */
export function configDifferences(
  before: ContainerConfig,
  after: ContainerConfig,
): readonly ConfigDifference[] {
  const [old, now] = [settings(before), settings(after)];
  const names = [...new Set([...old.keys(), ...now.keys()])].sort();
  return names.flatMap((setting) => {
    const [a, b] = [old.get(setting), now.get(setting)];
    if (a === b) return [];
    return { setting, ...(a !== undefined && { before: a }), ...(b !== undefined && { after: b }) };
  });
}

function settings({
  Env = [],
  Labels = {},
  ExposedPorts = {},
  Volumes = {},
  ...rest
}: ContainerConfig): Map<string, string> {
  const found = new Map<string, string>();
  for (const entry of Env) {
    const equals = entry.indexOf("=");
    found.set(`Env ${entry.slice(0, equals)}`, entry.slice(equals + 1));
  }
  for (const [name, value] of Object.entries(Labels)) found.set(`Label ${name}`, value);
  for (const port of Object.keys(ExposedPorts)) found.set(`Port ${port}`, "exposed");
  for (const volume of Object.keys(Volumes)) found.set(`Volume ${volume}`, "declared");
  for (const [name, value] of Object.entries(rest)) {
    if (value === undefined || value === "" || (Array.isArray(value) && value.length === 0)) continue;
    found.set(name, typeof value === "string" ? value : JSON.stringify(value));
  }
  return found;
}
