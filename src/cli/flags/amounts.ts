import { parseByteSize } from "../../util/index.ts";
import { UsageError } from "../usage-error.ts";

const millisecondsPer: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** `90m`, `24h`, `7d`, `1h30m`, in milliseconds. */
export function parseAge(flag: string, text: string): number {
  if (!/^(\d+(\.\d+)?[smhdw])+$/.test(text)) {
    throw new UsageError(`Cannot parse ${flag} "${text}": expected an age such as 90m, 24h or 7d`);
  }
  const parts = text.matchAll(/([\d.]+)([smhdw])/g);
  return [...parts].reduce((sum, [, number, unit]) => sum + Number(number) * millisecondsPer[unit!]!, 0);
}

/** `500MB`, `10gb`, `1GiB`, `1024`, in bytes; `iB` is of 1024, as `B` alone is of 1000. */
export function parseSize(flag: string, text: string): number {
  const bytes = parseByteSize(text);
  if (bytes !== undefined) return bytes;
  throw new UsageError(`Cannot parse ${flag} "${text}": expected a size such as 500MB or 10GB`);
}
