import { BuildError } from "./build-error.ts";

/** Splits one line of comma-separated values; a field in double quotes may hold commas, and `""` for a quote (RFC 4180). */
export function splitCsv(text: string): string[] {
  const fields: string[] = [];
  let field = "";
  let isQuoted = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index]!;
    if (character === '"' && isQuoted && text[index + 1] === '"') field += text[++index];
    else if (character === '"' && (isQuoted || field === "")) isQuoted = !isQuoted;
    else if (character === "," && !isQuoted) {
      fields.push(field);
      field = "";
    } else field += character;
  }
  if (isQuoted)
    throw new BuildError("INVALID_ARGUMENT", `Cannot parse "${text}": a double quote is not closed`);
  return [...fields, field];
}

/** Parses `key=value,…`; a key is lower-cased, a field without `=` has the value `""`.
 * @throws {BuildError} `INVALID_ARGUMENT` a key occurs twice */
export function parseCsvMap(text: string): Map<string, string> {
  const map = new Map<string, string>();
  for (const field of splitCsv(text)) {
    const [key, value] = splitOnce(field.trim());
    const name = key.toLowerCase();
    if (map.has(name))
      throw new BuildError("INVALID_ARGUMENT", `Cannot parse "${text}": "${name}" is given twice`);
    map.set(name, value ?? "");
  }
  return map;
}

/** `K=V` → both; `K` → the value is undefined. */
export function splitOnce(text: string): [string, string | undefined] {
  const at = text.indexOf("=");
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
