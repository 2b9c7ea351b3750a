const units = ["B", "kB", "MB", "GB", "TB", "PB"];

/** A size for people, decimal, with at most three significant digits, as Docker prints it: `134B`, `1.98MB`, `330MB`. */
export function formatBytes(sizeBytes: number): string {
  let value = sizeBytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${significant(value)}${units[unit]}`;
}

/** `1.2s`. */
export function formatSeconds(durationMs: number): string {
  return `${(Math.max(0, durationMs) / 1000).toFixed(1)}s`;
}

/** Three significant digits without trailing zeros. */
function significant(value: number): string {
  return String(value >= 100 ? Math.round(value) : Number(value.toPrecision(3)));
}
