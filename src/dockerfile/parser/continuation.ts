import { trimEnd } from "../go-text.ts";
import type { EscapeToken } from "./directives.ts";

/** The text before a continuation character at the end of a line; undefined when the line does not continue. An escaped
 * escape character does not continue the line. */
export function withoutContinuation(text: string, escape: EscapeToken): string | undefined {
  const trimmed = trimEnd(text, (char) => char === " " || char === "\t");
  if (!trimmed.endsWith(escape) || trimmed.at(-2) === escape) return undefined;
  return trimmed.slice(0, -1);
}
