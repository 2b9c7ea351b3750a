import { isGlobStart } from "./glob.ts";
import { compilePattern, type Pattern } from "./pattern.ts";
import { TreeError } from "./tree-error.ts";

/** Which patterns matched a directory, handed down to the paths below it. */
export type ParentMatches = readonly boolean[];

export interface MatchResult {
  readonly isMatched: boolean;
  readonly matches: ParentMatches;
}

/** Ignore patterns as `.dockerignore` means them (moby's patternmatcher): the last matching pattern wins, `!` takes out again,
 * a pattern that matches a directory matches what is below it. */
export class PatternMatcher {
  readonly patterns: readonly Pattern[];
  readonly hasExceptions: boolean;

  /** @throws {TreeError} `BAD_PATTERN`, with moby's text */
  constructor(patterns: readonly string[]) {
    this.patterns = patterns.flatMap((text) => parsePattern(text) ?? []);
    this.hasExceptions = this.patterns.some((pattern) => pattern.isException);
  }

  /** Matches a path of which nothing is known: its parents are tried too.
   * @param path relative, `/`-separated Unicode text */
  matches(path: string): boolean {
    let result: MatchResult | undefined;
    for (let end = path.indexOf("/"); end !== -1; end = path.indexOf("/", end + 1))
      result = this.matchBelow(path.slice(0, end), result?.matches);
    return this.matchBelow(path, result?.matches).isMatched;
  }

  /** Matches a path below a directory whose result is known; `parent` is undefined at the root. */
  matchBelow(path: string, parent: ParentMatches | undefined): MatchResult {
    let isMatched = false;
    const matches = this.patterns.map((pattern, index) => {
      let match = parent?.[index] ?? false;
      // a pattern that cannot change the verdict is not tried, and then counts as not matched for what is below
      if (!match && pattern.isException === isMatched) match = pattern.match(path);
      if (match) isMatched = !pattern.isException;
      return match;
    });
    return { isMatched, matches };
  }
}

/** No path that a pattern could match is as long. */
const maxLength = 16_384;

function parsePattern(text: string): Pattern | undefined {
  const trimmed = trimSpace(text);
  if (trimmed === "") return undefined;
  if (trimmed.length > maxLength)
    throw new TreeError("BAD_PATTERN", `pattern is longer than ${maxLength} characters`);
  const cleaned = cleanPath(trimmed);
  const isException = cleaned.startsWith("!");
  if (cleaned === "!") throw new TreeError("BAD_PATTERN", 'illegal exclusion pattern: "!"');
  const body = isException ? cleaned.slice(1) : cleaned;
  const match = isGlobStart(body) ? compilePattern(body) : undefined;
  if (!match) throw new TreeError("BAD_PATTERN", "syntax error in pattern");
  return { text: body, isException, match };
}

/** Go's `strings.TrimSpace`: unlike `trim` it takes U+0085 and leaves a byte order mark. */
export function trimSpace(text: string): string {
  return text.replace(SURROUNDING_SPACE, "");
}

const SPACE = "[\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+";
const SURROUNDING_SPACE = new RegExp(`^${SPACE}|${SPACE}$`, "g");

/** Go's `filepath.Clean`. */
export function cleanPath(path: string): string {
  const isAbsolute = path.startsWith("/");
  const kept: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") kept.push(part);
    else if (kept.length > 0 && kept.at(-1) !== "..") kept.pop();
    else if (!isAbsolute) kept.push("..");
  }
  const joined = kept.join("/");
  return isAbsolute ? `/${joined}` : joined || ".";
}
