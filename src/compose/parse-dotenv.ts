import { interpolate, type Lookup } from "./interpolate.ts";

/** Far above what a process can be given, far below what forty lines of `A=$B$B` would make. */
const maxLength = 16 * 1024 * 1024;

/** Parses the text of an environment file by Compose's rules: comments, `export`, `K=V` and `K: V`, literal single quotes, double
 * quotes with escapes; unquoted and double-quoted values are interpolated. A name alone takes its value from `lookup` or is left out.
 * @param before what earlier files set, which values may name; `lookup` goes before it, and so do earlier lines
 * @throws {Error} with the line's number */
export function parseDotenv(
  text: string,
  lookup: Lookup,
  before: ReadonlyMap<string, string> = new Map(),
): Map<string, string> {
  const values = new Map<string, string>();
  let length = 0;
  const find: Lookup = (name) => lookup(name) ?? values.get(name) ?? before.get(name);
  let rest = text.replace(/^\ufeff/, "").replaceAll("\r\n", "\n");
  const lineOf = () =>
    text
      .replaceAll("\r\n", "\n")
      .slice(0, -rest.length || undefined)
      .split("\n").length;
  while ((rest = rest.replace(/^(?:\s+|#[^\n]*)+/, "")) !== "") {
    const head = /^(?:export[ \t]+)?([A-Za-z0-9_.\-[\]]+)[ \t]*([=:]?)[ \t]*/.exec(rest);
    if (!head)
      throw new Error(`line ${lineOf()}: unexpected character ${JSON.stringify(rest[0])} in a variable name`);
    const [whole, name = "", separator] = head;
    rest = rest.slice(whole.length);
    if (separator === "") {
      if (!/^(?:\n|#|$)/.test(rest)) throw new Error(`line ${lineOf()}: "=" is missing after "${name}"`);
      const inherited = lookup(name) ?? before.get(name);
      if (inherited !== undefined) values.set(name, inherited);
      continue;
    }
    const value = takeValue(rest, lineOf);
    rest = rest.slice(value.length);
    const result = value.isLiteral ? value.text : interpolate(value.text, find);
    if ((length += result.length) > maxLength)
      throw new Error(`its values are longer than ${maxLength} characters`);
    values.set(name, result);
  }
  return values;
}

interface TakenValue {
  readonly text: string;
  readonly length: number;
  readonly isLiteral: boolean;
}

function takeValue(rest: string, lineOf: () => number): TakenValue {
  const quote = rest[0];
  if (quote !== "'" && quote !== '"') {
    const line = /^[^\n]*/.exec(rest)![0];
    return { text: line.replace(/(^|\s)#.*$/, "").trim(), length: line.length, isLiteral: false };
  }
  const end = closingQuote(rest, quote);
  if (end < 0) throw new Error(`line ${lineOf()}: a quote is not closed`);
  const tail = /^[^\n]*/.exec(rest.slice(end + 1))![0];
  if (!/^\s*(#.*)?$/.test(tail)) throw new Error(`line ${lineOf()}: unexpected text after the closing quote`);
  const inner = rest.slice(1, end);
  return {
    text: quote === "'" ? inner.replaceAll("\\'", "'") : unescape(inner),
    length: end + 1 + tail.length,
    isLiteral: quote === "'",
  };
}

/** Between single quotes only they can be escaped, between double ones every character. */
function closingQuote(text: string, quote: string): number {
  for (let index = 1; index < text.length; index++) {
    if (text[index] === quote) return index;
    if (text[index] === "\\" && (quote === '"' || text[index + 1] === quote)) index++;
  }
  return -1;
}

const escapes: Record<string, string> = {
  n: "\n",
  r: "\r",
  t: "\t",
  a: "\u0007",
  b: "\b",
  f: "\f",
  v: "\v",
  "\\": "\\",
  '"': '"',
};

/** `\$` becomes `$$`, which interpolation turns into a dollar sign; a backslash before an unknown character stays. */
function unescape(text: string): string {
  return text.replace(/\\([\s\S])/g, (whole: string, character: string) =>
    character === "$" ? "$$" : (escapes[character] ?? whole),
  );
}
