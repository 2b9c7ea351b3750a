import type { YamlMap } from "./yaml-tree.ts";
import { asMap, asTextList } from "./read-nodes.ts";

/** The profiles of each service of the file; none: it is always part of the project. */
export function readProfiles(services: YamlMap): Map<string, readonly string[]> {
  const profiles = new Map<string, readonly string[]>();
  for (const [name, { value }] of services.entries) {
    const what = `services.${name}`;
    const own = asMap(value, what).entries.get("profiles")?.value;
    profiles.set(name, own ? asTextList(own, `${what}.profiles`) : []);
  }
  return profiles;
}

/** The services that the active profiles make part of the project. A named service activates its own profiles, and with them the
 * other services that have one of these; `*` activates all. */
export function activeServices(
  profiles: ReadonlyMap<string, readonly string[]>,
  { active, named }: { readonly active: readonly string[]; readonly named: readonly string[] },
): Set<string> {
  const isActive = ([, own]: readonly [string, readonly string[]], chosen: readonly string[]) =>
    own.length === 0 || chosen.includes("*") || own.some((profile) => chosen.includes(profile));
  const off = named.filter((name) => profiles.has(name) && !isActive([name, profiles.get(name)!], active));
  const all = [...active, ...off.flatMap((name) => profiles.get(name)!)];
  return new Set([...profiles].filter((entry) => isActive(entry, all)).map(([name]) => name));
}
