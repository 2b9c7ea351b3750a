const powers = ["", "k", "m", "g", "t"];

/** `500MB`, `10gb`, `1GiB`, `1024`, in bytes; `iB` is of 1024, as `B` alone is of 1000. Undefined for what is no size. */
export function parseByteSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)([kmgt]?)(i?b|)$/i.exec(text);
  if (!match) return undefined;
  const [, number, unit, suffix] = match;
  const base = suffix!.toLowerCase() === "ib" ? 1024 : 1000;
  return Math.floor(Number(number) * base ** powers.indexOf(unit!.toLowerCase()));
}
