import { type Diagnostic, didYouMean } from "../../errors/index.ts";
import { PatternMatcher } from "../../tree/index.ts";
import { DockerfileError } from "../dockerfile-error.ts";
import type { ArgInstruction } from "../instructions/instruction.ts";
import { inFileOrder, lintDockerfile, type LintResult } from "../lint/lint-dockerfile.ts";
import type { LintOptions } from "../lint/lint-input.ts";
import type { ConvertContext } from "./convert-context.ts";
import { isProxyArg } from "./proxy-env.ts";

/** What a conversion finds odd, but carries out: build checks of the needed stages, and unused build arguments.
 * @throws {DockerfileError} `DOCKERFILE_CHECK` where the file asks that violations fail the build */
export function conversionWarnings(context: ConvertContext, needed: ReadonlySet<number>): Diagnostic[] {
  const { warnings, error } = lintStages(context, { stages: needed });
  if (error) throw withWarnings(error, once(warnings));
  return [...once(warnings), ...unusedBuildArgs(context)];
}

/** In file order, without repetitions. */
function once(warnings: readonly Diagnostic[]): readonly Diagnostic[] {
  const byText = new Map(
    warnings.map((warning) => {
      const { rule, message, location } = warning;
      return [`${rule} ${location.range.startLine} ${message}`, warning];
    }),
  );
  return inFileOrder([...byText.values()]);
}

/** Runs the build checks over some stages. */
export function lintStages(
  { graph, options, states }: ConvertContext,
  stages: Pick<LintOptions, "stages" | "lastLine">,
): LintResult {
  return lintDockerfile(graph, {
    graph,
    ...stages,
    baseImage: (stage) => states[stage]!.baseImage?.config,
    ...ignoreOption(options.contextIgnorePatterns ?? []),
  });
}

/** The build ends with it, so it says all there is to say. */
function withWarnings({ code, message }: DockerfileError, warnings: readonly Diagnostic[]): DockerfileError {
  const lines = warnings.map(
    ({ rule, message: text, location }) => `- ${rule}: ${text} (line ${location.range.startLine})`,
  );
  return new DockerfileError(code, message, { hint: lines.join("\n"), location: warnings[0]?.location });
}

function ignoreOption(patterns: readonly string[]): Pick<LintOptions, "ignore"> {
  if (patterns.length === 0) return {};
  const matcher = new PatternMatcher(patterns);
  return { ignore: { patterns, isIgnored: (path) => matcher.matches(path.replace(/^\/+/, "")) } };
}

/** Build arguments that no ARG of the file, or of a trigger, declares, and that steer nothing. */
function unusedBuildArgs({ graph, states }: ConvertContext): Diagnostic[] {
  const stageArgs = states.flatMap(({ steps }) =>
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
  const meant = unused.map((key) => didYouMean(key, declared)).join("");
  const message = `One or more build-args [${unused.join(" ")}] were not consumed${meant}`;
  return [{ severity: "warning", rule: "UnusedBuildArgs", message, location: graph.stages[0]!.location }];
}

function isControlArg(key: string): boolean {
  return key.startsWith("BUILDKIT_") || key === "SOURCE_DATE_EPOCH";
}
