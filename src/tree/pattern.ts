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
  const { kind, source } = translate(Array.from(pattern));
  if (kind === "exact") return (path) => path === pattern;
  if (kind === "regexp") return compileRegExp(source);
  if (kind === "prefix") {
    const prefix = pattern.slice(0, -2);
    return (path) => path.startsWith(prefix);
  }
  const suffix = pattern.slice(2);
  return (path) => path.endsWith(suffix) || (suffix.startsWith("/") && path === suffix.slice(1));
}

type Kind = "exact" | "prefix" | "suffix" | "regexp";

function translate(chars: readonly string[]): { kind: Kind; source: string | undefined } {
  let [kind, source]: [Kind, string | undefined] = ["exact", ""];
  const append = (text: string | undefined, next: Kind = "regexp") => {
    source = text === undefined || source === undefined ? undefined : source + text;
    kind = next;
  };
  let isInClass = false;
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i]!;
    const posix = isInClass && char === "[" ? posixClass(chars, i) : undefined;
    if (posix) {
      append(posix.source);
      i = posix.end;
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
      const isLiteral = (char === "[") === isInClass;
      append(isLiteral ? `\\${char}` : char);
      isInClass = char === "[";
    } else if (char === "^") append("^", kind);
    else if (char === "-" && isInClass) append("-", kind);
    else append(escapeRegExp(char), kind);
  }
  return { kind, source };
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
  if (char === undefined) return undefined;
  return /[A-Za-z0-9]/.test(char) ? ESCAPED_LETTERS[char] : escapeRegExp(char);
}

function compileRegExp(source: string | undefined): Match | undefined {
  if (source === undefined) return undefined;
  try {
    return compileLinear(source);
  } catch {
    return undefined; // no regular expression for Go either: a reversed range
  }
}
