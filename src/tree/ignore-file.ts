import { cleanPath, trimSpace } from "./pattern-matcher.ts";

/** Reads the text of a `.dockerignore` file: one pattern per line, cleaned, `!` kept. A `#` in the first column begins a comment.
 * Nothing is checked; `PatternMatcher` does. */
export function parseIgnoreFile(text: string): string[] {
  return text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .flatMap((line) => (line.startsWith("#") ? [] : cleanLine(trimSpace(line))));
}

function cleanLine(line: string): string[] {
  if (line === "") return [];
  const isException = line.startsWith("!");
  const body = isException ? trimSpace(line.slice(1)) : line;
  const cleaned = body === "" ? "" : cleanPath(body);
  const relative = cleaned.length > 1 && cleaned.startsWith("/") ? cleaned.slice(1) : cleaned;
  return [(isException ? "!" : "") + relative];
}
