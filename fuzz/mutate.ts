import type { Random } from "./random.ts";

const pieces = [
  ...Array.from("\\`\"'$#<>-=:/,.*?[]{}()!|&@%+~^ \t\r\n\u0000\u00a0\ufeffé😀"),
  "${",
  "$(",
  "${A:-",
  "<<EOF",
  "<<-'E'",
  "\nEOF\n",
  " \\\n",
  "\n#",
  "--mount=",
  "--from=",
  "**/",
  "../",
  "\nFROM ",
  "\nRUN ",
  "\nONBUILD ",
  '["',
  '"]',
  "99999999999999999999",
  "-1",
  "__proto__",
  "constructor",
];

/** The text with some of it cut, doubled, moved, or replaced by pieces that mean something to a parser. */
export function mutateText(random: Random, text: string, donors: readonly string[]): string {
  let result = text;
  for (let count = 1 + random.below(6); count > 0; count--)
    result = mutateOnce(random, result, donors).slice(0, 200_000);
  return result;
}

function mutateOnce(random: Random, text: string, donors: readonly string[]): string {
  const from = random.below(text.length + 1);
  const to = Math.min(text.length, from + random.below(random.isOneIn(4) ? text.length + 1 : 8));
  const [before, part, after] = [text.slice(0, from), text.slice(from, to), text.slice(to)];
  switch (random.below(7)) {
    case 0:
      return before + after;
    case 1:
      return before + part + part + after;
    case 2:
      return before + part.repeat(random.below(random.isOneIn(10) ? 2000 : 5)) + after;
    case 3:
      return before + random.pick(pieces) + after;
    case 4:
      return before + random.list(4, () => random.pick(pieces)).join("") + part + after;
    case 5:
      return before + String.fromCharCode(random.below(random.isOneIn(4) ? 0x10000 : 128)) + after;
    default:
      return before + slice(random, random.pick(donors)) + after;
  }
}

function slice(random: Random, text: string): string {
  const from = random.below(text.length + 1);
  return text.slice(from, from + random.below(60));
}

/** The bytes with some of them changed, cut or doubled. */
export function mutateBytes(random: Random, bytes: Buffer): Buffer {
  let result = Buffer.from(bytes);
  for (let count = random.below(6); count > 0 && result.length > 0; count--) {
    const at = random.below(result.length);
    const [before, after] = [result.subarray(0, at), result.subarray(random.below(result.length))];
    const how = random.below(6);
    if (how === 0) result = before;
    else if (how === 1) result = Buffer.concat([before, after]);
    else result[at] = random.pick([0, 0xff, 0x2f, 0x2e, 0x30, 0x80, random.below(256)]);
  }
  return result;
}
