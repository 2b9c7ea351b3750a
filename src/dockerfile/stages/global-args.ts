import { formatPlatform, type Platform } from "../../oci/index.ts";
import type { ArgInstruction, ParsedDockerfile } from "../instructions/instruction.ts";
import { expandAt } from "./expand-at.ts";

import type { StageOptions } from "./stage-graph.ts";

/** Values of the arguments that FROM lines see: the predefined ones, then those before the first FROM, in order. A build
 * argument takes the place of a default, which is then not even expanded. */
export function resolveGlobalArgs(
  dockerfile: ParsedDockerfile,
  options: StageOptions,
): ReadonlyMap<string, string> {
  const buildArgs = options.buildArgs ?? {};
  const values = predefinedArgs(dockerfile, options);
  for (const key of values.keys()) {
    if (Object.hasOwn(buildArgs, key)) values.set(key, buildArgs[key]!);
  }
  for (const instruction of dockerfile.globalArgs) declare(dockerfile, instruction, buildArgs, values);
  return values;
}

function declare(
  dockerfile: ParsedDockerfile,
  instruction: ArgInstruction,
  buildArgs: Readonly<Record<string, string>>,
  values: Map<string, string>,
): void {
  for (const { key, value } of instruction.args) {
    const given = Object.hasOwn(buildArgs, key) ? buildArgs[key] : undefined;
    const resolved =
      given ?? (value === undefined ? undefined : expandAt(dockerfile, instruction, value, values));
    if (resolved === undefined) continue;
    values.delete(key);
    values.set(key, resolved);
  }
}

function predefinedArgs(dockerfile: ParsedDockerfile, options: StageOptions): Map<string, string> {
  const build = platformArgs("BUILD", options.buildPlatform ?? options.platform);
  const target = platformArgs("TARGET", options.platform);
  const stage = options.target || dockerfile.stages.at(-1)?.from.stageName || "default";
  return new Map([...build, ...target, ["TARGETSTAGE", stage]]);
}

function platformArgs(prefix: string, platform: Platform): [string, string][] {
  return [
    [`${prefix}PLATFORM`, formatPlatform(platform)],
    [`${prefix}OS`, platform.os],
    [`${prefix}OSVERSION`, platform["os.version"] ?? ""],
    [`${prefix}ARCH`, platform.architecture],
    [`${prefix}VARIANT`, platform.variant ?? ""],
  ];
}
