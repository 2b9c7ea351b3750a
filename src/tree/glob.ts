import { compileLinear, escapeRegExp } from "./linear-match.ts";

/** One component of a pattern as Go's `filepath.Match` reads it, over Unicode text. */
export type Glob = (name: string) => boolean;

/** Compiles a pattern of Go's `filepath.Match`: `*` and `?` stop at `/`, `[^a-z]` is a class, `\` escapes. Undefined when the
 * pattern is malformed (Go: "syntax error in pattern"). */
export function compileGlob(pattern: string): Glob | undefined {
  const source = globSource(Array.from(pattern));
  if (source === undefined) return undefined;
  return compileLinear(source);
}

/** Is a pattern well-formed as far as Go's `filepath.Match` looks when it matches it with `.`, as moby checks it? It ends at the first
 * part between stars that does not match. */
export function isGlobStart(pattern: string): boolean {
  const [first = "", second = ""] = pattern.match(partsBetweenStars) ?? [];
  const matchesDot = compileGlob(first)?.(".");
  return matchesDot !== undefined && !(matchesDot && compileGlob(second) === undefined);
}

const partsBetweenStars = /(?:\\.|\[(?:\\.|[^\]\\])*\]|[^*])+/gsu;

/** Does `text` hold a character that `filepath.Match` does not take literally? */
export function hasWildcard(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    if (char === "\\") i++;
    else if (char === "*" || char === "?" || char === "[") return true;
  }
  return false;
}

function globSource(pattern: readonly string[]): string | undefined {
  let source = "";
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i]!;
    if (char === "*") source += "[^/]*";
    else if (char === "?") source += "[^/]";
    else if (char === "\\") {
      const escaped = pattern[++i];
      if (escaped === undefined) return undefined;
      source += escapeRegExp(escaped);
    } else if (char === "[") {
      const parsed = parseClass(pattern, i + 1);
      if (!parsed) return undefined;
      source += parsed.source;
      i = parsed.end;
    } else source += escapeRegExp(char);
  }
  return source;
}

/** Reads a class from behind its `[`; `end` is the index of its `]`. At least one range, and `-` and `]` only escaped. */
function parseClass(pattern: readonly string[], start: number): { source: string; end: number } | undefined {
  let i = start;
  const negated = pattern[i] === "^";
  if (negated) i++;
  let ranges = "";
  for (let count = 0; !(pattern[i] === "]" && count > 0); count++) {
    const low = classCharacter(pattern, i);
    if (!low) return undefined;
    i = low.next;
    let high = low;
    if (pattern[i] === "-") {
      const parsed = classCharacter(pattern, i + 1);
      if (!parsed) return undefined;
      [high, i] = [parsed, parsed.next];
    }
    const isEmpty = low.char.codePointAt(0)! > high.char.codePointAt(0)!;
    if (!isEmpty) ranges += `${escapeRegExp(low.char)}-${escapeRegExp(high.char)}`;
  }
  return { source: `[${negated ? "^" : ""}${ranges}]`, end: i };
}

function classCharacter(
  pattern: readonly string[],
  index: number,
): { char: string; next: number } | undefined {
  const first = pattern[index];
  if (first === undefined || first === "-" || first === "]") return undefined;
  const [char, next] = first === "\\" ? [pattern[index + 1], index + 2] : [first, index + 1];
  // Go wants more text behind every character of a class
  return char === undefined || next >= pattern.length ? undefined : { char, next };
}
