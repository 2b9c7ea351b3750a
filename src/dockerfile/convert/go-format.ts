import { quoteGo } from "../go-text.ts";

/** Go's `%q` of a slice of strings: `["a" "b"]`. */
export function goQuoteList(texts: readonly string[]): string {
  return `[${texts.map(quoteGo).join(" ")}]`;
}

/** Go's `%v` of a slice of strings: `[a b]`. */
export function goList(texts: readonly string[]): string {
  return `[${texts.join(" ")}]`;
}

const hourNs = 3_600_000_000_000n;
const minuteNs = 60_000_000_000n;
const secondNs = 1_000_000_000n;

/** Go's `%v` of a time.Duration that is not negative, given in nanoseconds: `1m30s`, `1.5s`, `500ms`, `0s`. */
export function goDuration(nanoseconds: number): string {
  const duration = BigInt(nanoseconds);
  if (duration === 0n) return "0s";
  if (duration < 1_000n) return `${duration}ns`;
  if (duration < 1_000_000n) return `${decimal(duration, 1_000n)}µs`;
  if (duration < secondNs) return `${decimal(duration, 1_000_000n)}ms`;
  const hours = duration >= hourNs ? `${duration / hourNs}h` : "";
  const minutes = duration >= minuteNs ? `${(duration % hourNs) / minuteNs}m` : "";
  return `${hours}${minutes}${decimal(duration % minuteNs, secondNs)}s`;
}

function decimal(value: bigint, unit: bigint): string {
  const fraction = `${value % unit}`.padStart(`${unit}`.length - 1, "0").replace(/0+$/, "");
  return `${value / unit}${fraction && `.${fraction}`}`;
}
