import { DockerfileError } from "../dockerfile-error.ts";
import { quoteGo, trimSpace } from "../go-text.ts";
import { type RuleName, rules } from "./rules.ts";

/** What `check=…` asks for. */
export interface CheckOptions {
  readonly skip: RuleSelection;
  /** Experimental rules to look for. */
  readonly experimental: RuleSelection;
  /** A violation fails the build. */
  readonly isError: boolean;
}

export type RuleSelection = "all" | ReadonlySet<string>;

/** Reads `skip=<A,B|all>;error=<bool>;experimental=<A|all>`.
 * @throws {DockerfileError} `DOCKERFILE_CHECK` */
export function parseCheckOptions(text: string): CheckOptions {
  let [skip, experimental, isError]: [RuleSelection, RuleSelection, boolean] = [new Set(), new Set(), false];
  const parts = trimSpace(text) === "" ? [] : trimSpace(text).split(";");
  for (const part of parts) {
    const index = part.indexOf("=");
    if (index < 0) throw problem(`invalid check option ${quoteGo(part)}`);
    const [key, value] = [trimSpace(part.slice(0, index)), trimSpace(part.slice(index + 1))];
    if (key === "skip") skip = parseSelection(value);
    else if (key === "experimental") experimental = parseSelection(value);
    else if (key === "error") isError = parseBoolean(value, part);
    else throw problem(`invalid check option ${quoteGo(key)}`);
  }
  return { skip, experimental, isError };
}

/** Is this rule looked for? */
export function isRuleActive(name: RuleName, options: CheckOptions): boolean {
  const { isOwn } = rules[name];
  if (isOwn) return wantsOwnRule(name, options.experimental) && !includes(options.skip, name);
  if (rules[name].isExperimental) return includes(options.experimental, name);
  return !includes(options.skip, name);
}

/** Is this rule of Slipway's own remarked, when it is not looked for? */
export function isRemarked(name: RuleName, options: CheckOptions): boolean {
  return rules[name].isOwn === true && !isRuleActive(name, options) && !includes(options.skip, name);
}

/** `all` means BuildKit's, so that a file is checked alike everywhere. */
function wantsOwnRule(name: RuleName, selection: RuleSelection): boolean {
  return selection !== "all" && (selection.has("slipway") || selection.has(name));
}

/** `options`, with what the comments above an instruction (`# check=skip=Rule`) add. Comments that are no check options are
 * comments. */
export function withComments(options: CheckOptions, comments: readonly string[]): CheckOptions {
  return comments.reduce((merged, comment) => {
    const added = fromComment(comment);
    if (!added) return merged;
    return {
      ...merged,
      skip: union(merged.skip, added.skip),
      experimental: union(merged.experimental, added.experimental),
    };
  }, options);
}

function fromComment(comment: string): CheckOptions | undefined {
  const [, text] = /^check\s*=\s*(\S+)/.exec(comment) ?? [];
  if (text === undefined) return undefined;
  try {
    return parseCheckOptions(text);
  } catch (error) {
    if (error instanceof DockerfileError) return undefined;
    throw error;
  }
}

function includes(selection: RuleSelection, name: string): boolean {
  return selection === "all" || selection.has(name);
}

function union(a: RuleSelection, b: RuleSelection): RuleSelection {
  return a === "all" || b === "all" ? "all" : new Set([...a, ...b]);
}

function parseSelection(text: string): RuleSelection {
  return text === "all" ? "all" : new Set(text.split(",").map(trimSpace));
}

function parseBoolean(text: string, part: string): boolean {
  if (["1", "t", "T", "TRUE", "true", "True"].includes(text)) return true;
  if (["0", "f", "F", "FALSE", "false", "False"].includes(text)) return false;
  const reason = `strconv.ParseBool: parsing ${quoteGo(text)}: invalid syntax`;
  throw problem(`failed to parse check option ${quoteGo(part)}: ${reason}`);
}

function problem(message: string): DockerfileError {
  return new DockerfileError("DOCKERFILE_CHECK", `failed to parse check options: ${message}`);
}
