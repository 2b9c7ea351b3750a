import { isSpace } from "../go-text.ts";
import type { EscapeToken } from "./directives.ts";
import { type Span, separator } from "./split-command.ts";

/** Splits at white space, quotes or not. */
export function splitAtSpace(rest: Span): readonly Span[] {
  const words: Span[] = [];
  let position = 0;
  for (const text of rest.text.split(separator)) {
    const start = rest.text.indexOf(text, position);
    position = start + text.length;
    words.push({ text, start: rest.start + start, end: rest.start + position });
  }
  return words;
}

/** Splits at white space outside of quotes. Quotes and escapes stay in the words (an escape at the very end does not):
 * `processWord` removes them. */
export function splitQuoted(rest: Span, escape: EscapeToken): readonly Span[] {
  const words: Span[] = [];
  let position = 0;
  for (;;) {
    while (position < rest.text.length && isSpace(rest.text[position]!)) position++;
    if (position >= rest.text.length) return words;
    const word = readWord(rest.text, position, escape);
    if (word.text !== "")
      words.push({ text: word.text, start: rest.start + position, end: rest.start + word.end });
    position = word.end;
  }
}

function readWord(source: string, start: number, escape: EscapeToken): { text: string; end: number } {
  let text = "";
  let quote: string | undefined;
  let position = start;
  for (; position < source.length; position++) {
    const char = source[position]!;
    if (quote === undefined && isSpace(char)) break;
    if (char === escape && quote !== "'") {
      if (position + 1 === source.length) continue;
      text += char + source[++position]!;
      continue;
    }
    if (char === quote) quote = undefined;
    else if (quote === undefined && (char === "'" || char === '"')) quote = char;
    text += char;
  }
  return { text, end: position };
}
