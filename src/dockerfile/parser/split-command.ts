import { isSpace, trimSpace, trimSpaceStart } from "../go-text.ts";
import type { EscapeToken } from "./directives.ts";

/** A piece of a logical line: characters `start` up to, not including, `end`; `text` may differ from them (quotes removed). */
export interface Span {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

export interface Command {
  readonly keyword: Span;
  readonly flags: readonly Span[];
  /** Everything after the flags, trimmed. */
  readonly rest: Span;
}

/** White space between the words of an instruction (ASCII only, unlike elsewhere). */
export const separator = /[\t\v\f\r ]+/;

/** Splits an instruction's text, from offset `start` on, into keyword, flags and rest. */
export function splitCommand(line: string, start: number, escape: EscapeToken): Command {
  const whole = trimmedSpan(line, start);
  const gap = separator.exec(whole.text);
  if (!gap) {
    const nothing = { text: "", start: whole.end, end: whole.end };
    return { keyword: whole, flags: [], rest: nothing };
  }
  const keywordEnd = whole.start + gap.index;
  const keyword = { text: line.slice(whole.start, keywordEnd), start: whole.start, end: keywordEnd };
  const { flags, position } = readFlags(line, keywordEnd + gap[0].length, { end: whole.end, escape });
  return { keyword, flags, rest: trimmedSpan(line, position, whole.end) };
}

function trimmedSpan(line: string, start: number, end = line.length): Span {
  const text = line.slice(start, end);
  const trimmed = trimSpace(text);
  const from = start + text.length - trimSpaceStart(text).length;
  return trimmed === ""
    ? { text: "", start: end, end }
    : { text: trimmed, start: from, end: from + trimmed.length };
}

/** Reads words beginning with `--`; `--` alone ends them. Returns them and the offset where the rest begins. */
function readFlags(
  line: string,
  start: number,
  { end, escape }: { readonly end: number; readonly escape: EscapeToken },
): { flags: readonly Span[]; position: number } {
  const flags: Span[] = [];
  let position = start;
  for (;;) {
    while (position < end && isSpace(line[position]!)) position++;
    if (!line.startsWith("--", position) || position + 2 > end) return { flags, position };
    const flag = readFlag(line, position, { end, escape });
    position = flag.end;
    if (flag.text === "--") return { flags, position };
    flags.push(flag);
  }
}

/** Reads one word, removing quotes and escapes; a quote that is never closed ends with the line. */
function readFlag(
  line: string,
  start: number,
  { end, escape }: { readonly end: number; readonly escape: EscapeToken },
): Span {
  let text = "";
  let quote: string | undefined;
  let position = start;
  for (; position < end; position++) {
    const char = line[position]!;
    if (quote === undefined && isSpace(char)) break;
    if (char === quote) quote = undefined;
    else if (quote === undefined && (char === '"' || char === "'")) quote = char;
    else if (char !== escape) text += char;
    else if (position + 1 < end) text += line[++position]!;
  }
  return { text, start, end: position };
}
