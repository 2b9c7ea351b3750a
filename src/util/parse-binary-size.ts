const multipliers: Readonly<Record<string, number>> = { k: 1, m: 2, g: 3, t: 4, p: 5 };

/** A size like `128m`, `1.5 GiB` or `1024` in bytes, units being powers of 1024; undefined when it is none. */
export function parseBinarySize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d*)?|\.\d+) ?(?:b|([kmgtp])(?:b|ib)?)?$/i.exec(text);
  if (!match) return undefined;
  const bytes = Math.trunc(Number(match[1]) * 1024 ** (multipliers[match[2]?.toLowerCase() ?? ""] ?? 0));
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
