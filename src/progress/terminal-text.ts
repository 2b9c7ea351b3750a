// An escape sequence: CSI, OSC (to BEL or ST), another string sequence, or two characters.
const escape =
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[PX^_][^\u001b]*(?:\u001b\\)?|[ -/]*[0-~])|\u009b[0-?]*[ -/]*[@-~]/g;
const colour = /^\u001b\[[0-9;:]*m$/;
const control = /[\u0000-\u001a\u001c-\u001f\u007f-\u009f]/g;

/** One line of a process's output made harmless for a terminal: what a carriage return overwrote is gone, tabs are spaces, escape
 * sequences and other control characters are removed. Colours stay when `keepColours` is set. */
export function sanitizeLine(line: string, options: { readonly keepColours: boolean }): string {
  const visible = line.includes("\r") ? lastOverwrite(line) : line;
  const text = visible.replace(escape, (sequence) =>
    options.keepColours && colour.test(sequence) ? sequence : "",
  );
  const clean = text.replaceAll("\t", "    ").replace(control, "");
  return options.keepColours ? closeColours(clean) : clean.replaceAll("\u001b", "");
}

/** What a terminal would show of `a\rb`: the last non-empty part. */
function lastOverwrite(line: string): string {
  return line.split("\r").findLast((part) => part !== "") ?? "";
}

/** Colours end with the line they began in, and an escape that began no colour is dropped. */
function closeColours(line: string): string {
  const clean = line.replace(/\u001b(?!\[[0-9;:]*m)/g, "");
  return clean.includes("\u001b") ? `${clean}\u001b[0m` : clean;
}
