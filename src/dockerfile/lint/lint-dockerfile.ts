import type { Diagnostic } from "../../errors/index.ts";
import { DockerfileError } from "../dockerfile-error.ts";
import type { ParsedDockerfile } from "../instructions/instruction.ts";
import {
  type CheckOptions,
  isRemarked,
  isRuleActive,
  parseCheckOptions,
  withComments,
} from "./check-options.ts";
import { checkFile } from "./file-checks.ts";
import type { Finding } from "./finding.ts";
import { checkFroms } from "./from-checks.ts";
import type { LintInput, LintOptions } from "./lint-input.ts";
import { type RuleName, rules, ruleUrl } from "./rules.ts";
import { checkStages } from "./stage-checks.ts";
import { checkTarget } from "./target/check-target.ts";

export interface LintResult {
  /** In the order in which BuildKit finds them; a variable that is missing in several words is several warnings. */
  readonly warnings: readonly Diagnostic[];
  /** What Slipway's own rules find that the file did not ask for; in file order. */
  readonly remarks: readonly Diagnostic[];
  /** Set when `check=error=true` and there is a warning: the build is to fail with it. */
  readonly error: DockerfileError | undefined;
}

/** Runs BuildKit's build checks. Which rules count is said by the build argument `BUILDKIT_DOCKERFILE_CHECK`, or else the
 * directive `# check=…`; comments `# check=skip=Rule` above an instruction skip rules for it.
 * @throws {DockerfileError} `DOCKERFILE_CHECK` when those options are wrong */
export function lintDockerfile(input: LintInput, options: LintOptions = {}): LintResult {
  const { dockerfile } = input;
  const checks = checkOptions(input);
  const select = (
    findings: Iterable<Finding>,
    isWanted: (rule: RuleName, options: CheckOptions) => boolean,
  ) =>
    [...findings]
      .filter(({ rule, instruction }) => isWanted(rule, withComments(checks, instruction.prevComment)))
      .map((finding) => toDiagnostic(finding, dockerfile));
  const own = options.graph ? [...checkTarget(options.graph, options)] : [];
  const findings = [...checkFile(dockerfile), ...checkFroms(input), ...checkStages(input, options), ...own];
  const warnings = select(findings, isRuleActive);
  const remarks = inFileOrder(select(own, isRemarked));
  return {
    warnings,
    remarks,
    error: checks.isError && warnings.length > 0 ? violation(warnings) : undefined,
  };
}

/** Sorted by line; those of one line stay as they were found. */
export function inFileOrder(warnings: readonly Diagnostic[]): readonly Diagnostic[] {
  return [...warnings].sort((a, b) => a.location.range.startLine - b.location.range.startLine);
}

function checkOptions({ dockerfile, buildArgs }: LintInput): CheckOptions {
  const given = Object.hasOwn(buildArgs, "BUILDKIT_DOCKERFILE_CHECK")
    ? buildArgs["BUILDKIT_DOCKERFILE_CHECK"]
    : undefined;
  // Behind a space, the directive may hold a remark.
  return parseCheckOptions(given ?? dockerfile.directives.check?.value.split(" ", 1)[0] ?? "");
}

function toDiagnostic(finding: Finding, { file, text }: ParsedDockerfile): Diagnostic {
  const { rule, message, instruction, range = instruction.range } = finding;
  const url = ruleUrl(rules[rule]);
  return {
    severity: "warning",
    rule,
    message,
    hint: rules[rule].description,
    ...(url && { url }),
    location: { file, range, text },
  };
}

function violation(warnings: readonly Diagnostic[]): DockerfileError {
  const names = new Set(warnings.map(({ rule }) => rule));
  return new DockerfileError("DOCKERFILE_CHECK", `lint violation found for rules: ${[...names].join(", ")}`);
}
