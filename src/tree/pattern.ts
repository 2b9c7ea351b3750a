import { anyDirectories, compileLinear, escapeRegExp, type Match } from "./linear-match.ts";

/** One ignore pattern, cleaned, without its `!`. */
export interface Pattern {
  readonly text: string;
  readonly isException: boolean;
  /** Does the pattern match this relative path itself? */
  readonly match: Match;
}

/** What Go's regular expressions make of an escaped letter; every other letter or digit is an error there. */
const ESCAPED_LETTERS: Readonly<Record<string, string>> = {
  a: "\\x07",
  f: "\\f",
  n: "\\n",
  r: "\\r",
  t: "\\t",
  v: "\\v",
  d: "\\d",
  D: "\\D",
  w: "\\w",
  W: "\\W",
  s: "[\\t\\n\\f\\r ]",
  S: "[^\\t\\n\\f\\r ]",
  b: "\\b",
  B: "\\B",
  A: "^",
  z: "$",
};

/** Compiles a cleaned pattern; undefined when it cannot be compiled. The four kinds and the way from one to another are moby's,
 * for they show: `**` in front makes a plain suffix of the rest, so that `**foo` matches `a/xfoo`. */
export function compilePattern(pattern: string): Match | undefined {
  const { kind, alternatives } = translate(Array.from(pattern));
  if (kind === "exact") return (path) => path === pattern;
  if (kind === "regexp") return compileRegExp(alternatives);
  if (kind === "prefix") {
    const prefix = pattern.slice(0, -2);
    return (path) => path.startsWith(prefix);
  }
  const suffix = pattern.slice(2);
  return (path) => path.endsWith(suffix) || (suffix.startsWith("/") && path === suffix.slice(1));
}

type Kind = "exact" | "prefix" | "suffix" | "regexp";

/** Regular expressions of which one must match; undefined when Go knows no such expression. */
type Alternatives = readonly string[] | undefined;

function translate(chars: readonly string[]): { kind: Kind; alternatives: Alternatives } {
  let [kind, source]: [Kind, string | undefined] = ["exact", ""];
  const append = (text: string | undefined, next: Kind = "regexp") => {
    source = text === undefined || source === undefined ? undefined : source + text;
    kind = next;
  };
  let isInClass = false;
  let classStart = -1;
  const alternatives: string[] = [];
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i]!;
    // The first makes a suffix of the pattern, unless there is another.
    if (i > 0 && !isInClass) i = lastOfRepeated(chars, i);
    const posix = isInClass && char === "[" ? posixClass(chars, i) : undefined;
    const count = !isInClass && char === "{" ? repetition(chars, i) : undefined;
    if (posix) {
      append(posix.source);
      i = posix.end;
    } else if (count) {
      // Go repeats the start of the text as well, which makes no difference
      if (alternatives.length > 0 || !/^\^*$/.test(source ?? "-")) append(count.source, kind);
      i = count.end;
    } else if (char === "|" && !isInClass) {
      // moby leaves it as it is: what is in front of it is then free at its end, and what is behind it at its start
      alternatives.push(`${source}${anything}`);
      source &&= anything;
    } else if (char === "*" && chars[i + 1] === "*") {
      const isFirst = i === 0;
      i += chars[i + 2] === "/" ? 2 : 1;
      if (isInClass) append("(.*/)?");
      else if (i + 1 < chars.length) append(anyDirectories);
      else if (kind === "exact") append("", "prefix");
      else append("[^\\n]*");
      if (isFirst) kind = "suffix";
    } else if (char === "*" || char === "?") {
      // moby writes `[^/]` into the middle of a class, whose end this is then
      append(`${isInClass ? "\\[^/]" : "[^/]"}${char === "*" ? "*" : ""}`);
      isInClass = false;
    } else if (char === "\\") append(escaped(chars[++i]));
    else if (char === "[" || char === "]") {
      const isLiteral = (char === "[") === isInClass || (isInClass && i === classStart);
      append(isLiteral ? `\\${char}` : char);
      if (isLiteral) continue;
      isInClass = char === "[";
      classStart = chars[i + 1] === "^" ? i + 2 : i + 1;
    } else if (char === "^") append("^", kind);
    else if (char === "-" && isInClass) append("-", kind);
    else append(escapeRegExp(char), kind);
  }
  return { kind, alternatives: source === undefined ? undefined : [...alternatives, source] };
}

// Any number of "**/" in a row means what one does, and would take time with their number; the index of the last.
function lastOfRepeated(chars: readonly string[], start: number): number {
  let index = start;
  while (chars.slice(index, index + 6).join("") === "**/**/") index += 3;
  return index;
}

const anything = "[\\s\\S]*";

/** `{2}`, `{2,}` or `{2,3}`, which moby leaves as they are; `end` is the index of the brace. */
function repetition(
  chars: readonly string[],
  start: number,
): { source: string | undefined; end: number } | undefined {
  const numbers = /^\{(0|[1-9]\d*)(?:,(0|[1-9]\d*)?)?\}/.exec(chars.slice(start, start + 32).join(""));
  if (!numbers) return undefined;
  const [source, ...counts] = numbers;
  const isAllowed = counts.every((count) => count === undefined || Number(count) <= 1000);
  return { source: isAllowed ? source : undefined, end: start + source.length - 1 };
}

/** `[:alpha:]` and its kin inside a class, as ranges; `end` is the index of their last bracket. */
function posixClass(chars: readonly string[], start: number): { source: string; end: number } | undefined {
  const matched = /^\[:(\^?)([a-z]+):\]/.exec(chars.slice(start, start + 12).join(""));
  const ranges = POSIX_CLASSES[matched?.[2] ?? ""];
  if (!matched || ranges === undefined || matched[1] === "^") return undefined;
  return { source: ranges, end: start + matched[0].length - 1 };
}

const POSIX_CLASSES: Readonly<Record<string, string>> = {
  alnum: "0-9A-Za-z",
  alpha: "A-Za-z",
  ascii: "\\x00-\\x7f",
  blank: "\\t ",
  cntrl: "\\x00-\\x1f\\x7f",
  digit: "0-9",
  graph: "!-~",
  lower: "a-z",
  print: " -~",
  punct: "!-\\/:-@\\[-`\\{-~",
  space: "\\t\\n\\v\\f\\r ",
  upper: "A-Z",
  word: "0-9A-Za-z_",
  xdigit: "0-9A-Fa-f",
};

function escaped(char: string | undefined): string | undefined {
  // moby's closing `$` is then escaped, and the expression free at its end
  if (char === undefined) return `\\$${anything}`;
  return /[A-Za-z0-9]/.test(char) ? ESCAPED_LETTERS[char] : escapeRegExp(char);
}

function compileRegExp(alternatives: Alternatives): Match | undefined {
  try {
    const matches = alternatives?.map(compileLinear);
    if (matches?.length === 1) return matches[0];
    return matches && ((path) => matches.some((match) => match(path)));
  } catch {
    return undefined; // no regular expression for Go either: a reversed range
  }
}
