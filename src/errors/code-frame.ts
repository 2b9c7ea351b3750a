import type { SourceLocation } from "./coded-error.ts";

/** Draws the marked lines of a file as BuildKit's clients do (solver/errdefs/source.go): the file and line, a rule of 20
 * dashes, the lines with context on each side (two lines beside a single one, one beside several), the marked ones behind
 * `>>>`, and the rule again. */
export function codeFrame(location: SourceLocation): string {
  const { file, range, text } = location;
  const lines = text.split(/\r?\n/);
  const context = range.startLine === range.endLine ? 2 : 1;
  const first = Math.max(1, range.startLine - context);
  const last = Math.min(lines.length, range.endLine + context);
  const body = [];
  for (let line = first; line <= last; line++) {
    const isMarked = line >= range.startLine && line <= range.endLine;
    const content = printable(lines[line - 1] ?? "");
    body.push(`${String(line).padStart(4)} | ${isMarked ? ">>>" : "   "} ${content}`);
  }
  const rule = "-".repeat(20);
  return [`${file}:${range.startLine}`, rule, ...body, rule].join("\n");
}

/** Replaces control characters, so that text from a file, an archive or a server cannot drive the terminal. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "\ufffd");
}
