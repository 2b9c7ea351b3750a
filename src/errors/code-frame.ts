import type { SourceLocation } from "./coded-error.ts";

/** Draws the marked lines of a file as BuildKit's clients do (solver/errdefs/source.go): the file and line, a rule of 20
 * dashes, the lines with context on each side (two lines beside a single one, one beside several), the marked ones behind
 * `>>>`, and the rule again. Lines beyond the two hundredth and characters beyond the two thousandth of a line are left out. */
export function codeFrame(location: SourceLocation): string {
  const { file, range, text } = location;
  const lines = linesOf(text);
  const context = range.startLine === range.endLine ? 2 : 1;
  const first = Math.max(1, range.startLine - context);
  const last = Math.min(lines.length, range.endLine + context);
  const shown = Math.min(last, first + maxLines - 1);
  const body = [];
  for (let line = first; line <= shown; line++) {
    const isMarked = line >= range.startLine && line <= range.endLine;
    body.push(
      `${String(line).padStart(4)} | ${isMarked ? ">>>" : "   "} ${shortened(lines[line - 1] ?? "")}`,
    );
  }
  if (shown < last) body.push(`     | ... ${last - shown} more lines`);
  const rule = "-".repeat(20);
  return [`${file}:${range.startLine}`, rule, ...body, rule].join("\n");
}

/** Far more than anyone reads, far less than a file that only an attacker writes has. */
const maxLines = 200;
const maxColumns = 2000;

let latest: { readonly text: string; readonly lines: readonly string[] } = { text: "", lines: [""] };

/** Most frames follow one of the same file. */
function linesOf(text: string): readonly string[] {
  if (latest.text !== text) latest = { text, lines: text.split(/\r?\n/) };
  return latest.lines;
}

function shortened(line: string): string {
  return printable(line.length <= maxColumns ? line : `${line.slice(0, maxColumns)}...`);
}

/** Replaces control characters, so that text from a file, an archive or a server cannot drive the terminal. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "\ufffd");
}
