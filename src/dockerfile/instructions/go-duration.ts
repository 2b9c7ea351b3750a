import { quoteGo } from "../go-text.ts";
import { instructionError } from "./instruction-error.ts";

const units: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  "\u00b5s": 1_000n,
  "\u03bcs": 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

const maxDuration = 2n ** 63n - 1n;

/** A duration as Go writes it (`1h30m`, `1.5s`, `0`), in nanoseconds.
 * @throws {DockerfileError} `DOCKERFILE_INSTRUCTION`, with the message of Go's time.ParseDuration */
export function parseGoDuration(text: string): number {
  const invalid = () => instructionError(`time: invalid duration ${quoteGo(text)}`);
  const isNegative = text.startsWith("-");
  let rest = text.replace(/^[-+]/, "");
  if (rest === "0") return 0;
  if (rest === "" || rest.length > 200) throw invalid();
  let total = 0n;
  while (rest !== "") {
    const number = /^(\d*)(?:\.(\d*))?/.exec(rest)!;
    const [whole = "", fraction = ""] = [number[1], number[2]];
    if (whole === "" && fraction === "") throw invalid();
    rest = rest.slice(number[0].length);
    const unitName = /^[^.\d]*/.exec(rest)![0];
    if (unitName === "") throw instructionError(`time: missing unit in duration ${quoteGo(text)}`);
    const unit = Object.hasOwn(units, unitName) ? units[unitName] : undefined;
    if (unit === undefined)
      throw instructionError(`time: unknown unit ${quoteGo(unitName)} in duration ${quoteGo(text)}`);
    total += (BigInt(`0${whole}${fraction}`) * unit) / 10n ** BigInt(fraction.length);
    if (total > maxDuration) throw invalid();
    rest = rest.slice(unitName.length);
  }
  return Number(isNegative ? -total : total);
}
