import { ExpansionError } from "./expansion-error.ts";

/** A pattern of `${v#p}`, `${v%p}` and `${v/p/r}`: literal characters, `?` (one character) and `*` (any run of them), neither
 * matching a newline. Matching follows all possibilities at once, so no pattern makes it slow beyond `maxSteps`. */
export type Pattern = readonly PatternToken[];

type PatternToken =
  | { readonly kind: "one" }
  | { readonly kind: "any" }
  | { readonly kind: "literal"; char: string };

/** A fraction of a second of work; real patterns need a few hundred. */
const maxSteps = 5_000_000;

/** @throws {ExpansionError} for an escape other than `\*`, `\?`, `\\`, `\}` and `\/` */
export function parsePattern(text: string): Pattern {
  const chars = Array.from(text);
  const tokens: PatternToken[] = [];
  for (let index = 0; index < chars.length; index++) {
    const char = chars[index]!;
    if (char === "*") tokens.push({ kind: "any" });
    else if (char === "?") tokens.push({ kind: "one" });
    else if (char !== "\\") tokens.push({ kind: "literal", char });
    else tokens.push({ kind: "literal", char: escapedChar(text, chars[++index]) });
  }
  return tokens;
}

function escapedChar(text: string, char: string | undefined): string {
  if (char !== undefined && "*?\\}/".includes(char)) return char;
  throw new ExpansionError(
    `invalid pattern (${text}) in substitution: invalid escape '\\${char ?? "\ufffd"}'`,
  );
}

/** Removes the shortest or longest prefix that matches. */
export function trimPrefix(value: string, pattern: Pattern, isGreedy: boolean): string {
  const chars = Array.from(value);
  const end = matchEnd(chars, 0, pattern, isGreedy, { left: maxSteps });
  return end === undefined ? value : chars.slice(end).join("");
}

/** Removes the shortest or longest suffix that matches. */
export function trimSuffix(value: string, pattern: Pattern, isGreedy: boolean): string {
  const chars = Array.from(value).toReversed();
  const end = matchEnd(chars, 0, pattern.toReversed(), isGreedy, { left: maxSteps });
  return end === undefined ? value : chars.slice(end).toReversed().join("");
}

interface ReplaceOptions {
  readonly replacement: string;
  readonly isAll: boolean;
  /** Of the result, in UTF-16 code units. */
  readonly maxLength: number;
}

/** Replaces the first match, or all, each being the leftmost and there the longest.
 * @throws {ExpansionError} when the result gets longer than `maxLength` */
export function replacePattern(value: string, pattern: Pattern, options: ReplaceOptions): string {
  const { replacement, isAll, maxLength } = options;
  const chars = Array.from(value);
  const budget = { left: maxSteps };
  let result = "";
  let lastEnd = -1;
  for (let position = 0; position <= chars.length; ) {
    const end = matchEnd(chars, position, pattern, true, budget);
    const isMatch = end !== undefined && (end > position || position !== lastEnd);
    if (isMatch) result += replacement;
    if (result.length > maxLength) throw new ExpansionError(`result is longer than ${maxLength} characters`);
    if (isMatch && !isAll) return result + chars.slice(end).join("");
    if (isMatch && end > position) {
      position = lastEnd = end;
    } else {
      result += chars[position] ?? "";
      position++;
    }
  }
  return result;
}

/** Where a match that starts at `start` ends: its longest or shortest end, undefined without a match. */
function matchEnd(
  chars: readonly string[],
  start: number,
  pattern: Pattern,
  isGreedy: boolean,
  budget: { left: number },
): number | undefined {
  let states = closure(new Set([0]), pattern);
  let end: number | undefined;
  for (let position = start; states.size > 0; position++) {
    if (states.has(pattern.length)) {
      end = position;
      if (!isGreedy) return end;
    }
    budget.left -= states.size;
    if (budget.left < 0)
      throw new ExpansionError(`pattern too complex for a value of ${chars.length} characters`);
    const char = chars[position];
    if (char === undefined) return end;
    states = closure(step(states, char, pattern), pattern);
  }
  return end;
}

function step(states: ReadonlySet<number>, char: string, pattern: Pattern): Set<number> {
  const next = new Set<number>();
  for (const state of states) {
    const token = pattern[state];
    if (token === undefined) continue;
    if (token.kind === "literal" ? token.char === char : char !== "\n")
      next.add(token.kind === "any" ? state : state + 1);
  }
  return next;
}

/** Adds the states that are reached by letting a `*` match nothing. */
function closure(states: Set<number>, pattern: Pattern): Set<number> {
  for (const state of states) if (pattern[state]?.kind === "any") states.add(state + 1);
  return states;
}
