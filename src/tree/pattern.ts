import { escapeRegExp } from "./glob.ts";

/** One ignore pattern, cleaned, without its `!`. */
export interface Pattern {
  readonly text: string;
  readonly isException: boolean;
  /** Does the pattern match this relative path itself? */
  readonly match: (path: string) => boolean;
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
export function compilePattern(pattern: string): ((path: string) => boolean) | undefined {
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
    if (char === "*" && chars[i + 1] === "*") {
      const isFirst = i === 0;
      i += chars[i + 2] === "/" ? 2 : 1;
      if (i + 1 < chars.length) append("(?:[^\\n]*/)?");
      else if (kind === "exact") append("", "prefix");
      else append("[^\\n]*");
      if (isFirst) kind = "suffix";
    } else if (char === "*") append("[^/]*");
    else if (char === "?") append("[^/]");
    else if (char === "\\") append(escaped(chars[++i]));
    else if (char === "[" || char === "]") {
      append(char === "]" && !isInClass ? "\\]" : isInClass && char === "[" ? "\\[" : char);
      isInClass = char === "[";
    } else if (char === "^") append("^", kind);
    else if (char === "-" && isInClass) append("-", kind);
    else append(escapeRegExp(char), kind);
  }
  return { kind, source };
}

function escaped(char: string | undefined): string | undefined {
  if (char === undefined) return undefined;
  return /[A-Za-z0-9]/.test(char) ? ESCAPED_LETTERS[char] : escapeRegExp(char);
}

function compileRegExp(source: string | undefined): ((path: string) => boolean) | undefined {
  if (source === undefined) return undefined;
  try {
    const regExp = new RegExp(`^${source}$`, "u");
    return (path) => regExp.test(path);
  } catch {
    return undefined; // no regular expression for Go either: a reversed range
  }
}
