/** Shorter values are words that any file may hold. */
const minimumBytes = 8;

/** The bytes that give a secret away: its value without the white space at its ends, and that in base64, wherever it lies in what was
 * encoded with it (`user:TOKEN`). None for a value that is too short to tell. */
export function secretPatterns(value: Uint8Array): readonly Buffer[] {
  const text = Buffer.from(value).toString("latin1").trim();
  if (text.length < minimumBytes) return [];
  const bytes = Buffer.from(text, "latin1");
  const encoded = [0, 1, 2].map((offset) => insideBase64(bytes, offset));
  const forUrls = encoded.map((each) => each.replaceAll("+", "-").replaceAll("/", "_"));
  return [bytes, ...[...new Set([...encoded, ...forUrls])].map((each) => Buffer.from(each))];
}

/** The characters of base64 that depend on nothing but `bytes`, which begin `offset` bytes after a multiple of three. */
function insideBase64(bytes: Buffer, offset: number): string {
  const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64");
  const bits = (offset + bytes.length) * 8;
  return encoded.slice(Math.ceil((offset * 8) / 6), Math.floor(bits / 6));
}
