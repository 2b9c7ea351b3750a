import type { Diagnostic } from "../../errors/index.ts";
import { formatPlatform, type Platform } from "../../oci/index.ts";
import { quoteGo } from "../go-text.ts";
import type { ArgInstruction } from "../instructions/instruction.ts";
import type { StageGraph } from "../stages/index.ts";
import type { ConvertContext } from "./convert-context.ts";
import { isProxyArg } from "./proxy-env.ts";
import type { StageState } from "./stage-state.ts";

/** What a conversion finds odd, but carries out. */
export function conversionWarnings(context: ConvertContext, needed: ReadonlySet<number>): Diagnostic[] {
  const states = context.states.filter((state) => needed.has(state.node.index));
  return [...states.flatMap(platformWarning), ...unusedBuildArgs(context.graph)];
}

function platformWarning({ node, platform, baseImage }: StageState): Diagnostic[] {
  if (node.base.kind !== "image" || !baseImage || isSame(platform, baseImage.config)) return [];
  const pulled = quoteGo(formatPlatform(baseImage.config));
  const expected = quoteGo(formatPlatform(platform));
  return [
    {
      severity: "warning",
      rule: "InvalidBaseImagePlatform",
      message: `Base image ${node.base.name} was pulled with platform ${pulled}, expected ${expected} for current build`,
      location: node.location,
    },
  ];
}

function isSame(a: Platform, b: Platform): boolean {
  return a.os === b.os && a.architecture === b.architecture;
}

/** Build arguments that no ARG of the file declares, and that steer nothing. */
function unusedBuildArgs(graph: StageGraph): Diagnostic[] {
  const stageArgs = graph.stages.flatMap(({ steps }) =>
    steps.flatMap(({ instruction }) => (instruction.kind === "arg" ? [instruction] : [])),
  );
  const declarations: ArgInstruction[] = [...graph.dockerfile.globalArgs, ...stageArgs];
  const declared = new Set(declarations.flatMap(({ args }) => args.map(({ key }) => key)));
  const unused = Object.keys(graph.buildArgs)
    .filter(
      (key) => !declared.has(key) && !graph.globalArgs.has(key) && !isControlArg(key) && !isProxyArg(key),
    )
    .sort();
  if (unused.length === 0) return [];
  const message = `One or more build-args [${unused.join(" ")}] were not consumed`;
  return [{ severity: "warning", rule: "UnusedBuildArgs", message, location: graph.stages[0]!.location }];
}

function isControlArg(key: string): boolean {
  return key.startsWith("BUILDKIT_") || key === "SOURCE_DATE_EPOCH";
}
